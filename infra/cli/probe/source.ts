import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { region } from '../../local/account.ts';
import { portsFrom } from '../../local/ports.ts';
import { secretName, stageName } from '../../names.ts';
import { tokenSecret } from './secret.ts';
import type { TokenText } from './token.ts';

/** Where a group's token lies, and where its Presence service is, unless that is the one of the configuration. */
export interface Source {
  readonly presence?: string;
  readonly token: TokenText;
}

const requestHandler = { connectionTimeout: 3_000, requestTimeout: 5_000, throwOnRequestTimeout: true };

/** The secret of the configuration, or else the one that the stack has made. */
export function awsSource(groupid: string, ownArn: string | undefined): Source {
  const secret = ownArn ?? secretName(stageName(), groupid);
  const ofSecret = ownArn?.split(':')[3];
  const client = new SecretsManagerClient({
    maxAttempts: 2,
    requestHandler,
    ...(ofSecret && { region: ofSecret }),
  });
  return { token: tokenSecret({ client, secret }) };
}

/** What `npm start` has brought up. */
export function localSource(groupid: string, port: number): Source {
  const ports = portsFrom(port);
  const client = new SecretsManagerClient({
    endpoint: `http://127.0.0.1:${ports.secrets}`,
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
    presence: `http://127.0.0.1:${ports.presence}`,
    token: tokenSecret({ client, secret: secretName('local', groupid), hints }),
  };
}
