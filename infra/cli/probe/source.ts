import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type ConfiguredGroup, isRenewed } from '../../../shared/api/config/groups.ts';
import { portsFrom } from '../../local/ports.ts';
import { localStage, npmRun, secretName, stageName } from '../../names.ts';
import { localHints, onAws, onThisMachine } from '../aws.ts';
import { tokenSecret } from './secret.ts';
import type { TokenText } from './token.ts';

/** Where a group's token lies, and where its Presence service is, unless that is the one of the configuration. */
export interface Source {
  readonly presence?: string;
  readonly token: TokenText;
}

/** The secret of the configuration, or else the one that the stack has made. */
export function awsSource(groupid: string, group: ConfiguredGroup): Source {
  const ownArn = group.secret?.arn;
  const secret = ownArn ?? secretName(stageName(), groupid);
  const command = npmRun(stageName(), `credentials -- ${groupid}`);
  const put = isRenewed(group)
    ? `the relay gets it for the credentials of the group: "${command}" stores them, "${command} --again" asks for a token with those that are there, and either tells what is in the way`
    : `put a fresh token there: aws secretsmanager put-secret-value --secret-id ${secret} --secret-string file://token.txt`;
  return { token: tokenSecret({ client: new SecretsManagerClient(onAws(ownArn)), secret, put }) };
}

/** What `npm start` has brought up. */
export function localSource(groupid: string, port: number): Source {
  const ports = portsFrom(port);
  const token = tokenSecret({
    client: new SecretsManagerClient(onThisMachine(ports.secrets)),
    secret: secretName(localStage, groupid),
    put: `the local run gets it by itself; "npm run credentials -- ${groupid} --local --port ${port} --again" asks for one, and tells what is in the way`,
    hints: localHints,
  });
  return { presence: `http://127.0.0.1:${ports.presence}`, token };
}
