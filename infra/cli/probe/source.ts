import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { tokenSecret } from '../../../shared/presence/probe/secret.ts';
import type { TokenText } from '../../../shared/presence/probe/token.ts';
import { region } from '../../local/account.ts';
import { secretName, stageName } from '../../names.ts';

/** Where a group's token lies, and where its Presence service is, unless that is the one of the configuration. */
export interface Source {
  readonly presence?: string;
  readonly token: TokenText;
}

const requestHandler = { connectionTimeout: 3_000, requestTimeout: 5_000, throwOnRequestTimeout: true };

/** The secret of the configuration, or else the one that the stack has made. */
export function awsSource(groupid: string, secretArn: string | undefined): Source {
  const secret = secretArn ?? secretName(stageName(), groupid);
  const ofSecret = secretArn?.split(':')[3];
  const client = new SecretsManagerClient({
    maxAttempts: 2,
    requestHandler,
    ...(ofSecret && { region: ofSecret }),
  });
  return { token: tokenSecret({ client, secret }) };
}

/** How many ports a local run takes, from that of the relay on: infra/local/stack.ts. */
export const localPorts = 6;

/** What `npm start` has brought up. */
export function localSource(groupid: string, port: number): Source {
  const client = new SecretsManagerClient({
    endpoint: `http://127.0.0.1:${port + 5}`,
    region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
    requestHandler,
  });
  const hints = {
    put: '"npm start" puts a fresh one there when it is started anew',
    missing: 'the local run has the groups that relay.config.ts had when it was started; start it anew',
    unreachable:
      'is the local run up? Start it by "npm start" in another terminal; --port tells of another port',
  };
  return {
    presence: `http://127.0.0.1:${port + 1}`,
    token: tokenSecret({ client, secret: secretName('local', groupid), hints }),
  };
}
