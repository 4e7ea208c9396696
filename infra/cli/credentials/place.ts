import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { ConfiguredGroup } from '../../../shared/api/config/groups.ts';
import { refreshToken } from '../../functions.ts';
import { portsFrom } from '../../local/ports.ts';
import {
  credentialsName,
  localStage,
  npmRun,
  refreshQueueName,
  secretName,
  stackName,
  stageName,
} from '../../names.ts';
import { localHints, onAws, onThisMachine } from '../aws.ts';

/** Where a group's secrets are, and the queue on which a token is asked for. */
export interface Place {
  readonly secretsManager: SecretsManagerClient;
  readonly sqs: SQSClient;
  /** Name or ARN of the secret with the credentials, and of the one with the token. */
  readonly credentials: string;
  readonly token: string;
  /** Name. */
  readonly queue: string;
  /** The command that stores credentials there. */
  readonly command: string;
  /** What to do where the queue, a secret or the whole place is not to be had, unless it is what AWS wants. */
  readonly hints?: { readonly missing: string; readonly unreachable: string };
  /** Where it is told what the function that gets the tokens does. */
  readonly log: string;
}

/** The secrets of the configuration, or else those that the stack has made. All are in the region of the stack. */
export function awsPlace(groupid: string, { secret, credentials }: ConfiguredGroup): Place {
  const stage = stageName();
  const options = onAws(credentials?.arn ?? secret?.arn);
  const queue = refreshQueueName(stage);
  return {
    secretsManager: new SecretsManagerClient(options),
    sqs: new SQSClient(options),
    credentials: credentials?.arn ?? credentialsName(stage, groupid),
    token: secret?.arn ?? secretName(stage, groupid),
    queue,
    command: npmRun(stage, `credentials -- ${groupid}`),
    log: `the log of the function ${stackName(stage)}-${refreshToken.name}`,
  };
}

/** What `npm start` has brought up. */
export function localPlace(groupid: string, port: number): Place {
  const ports = portsFrom(port);
  return {
    secretsManager: new SecretsManagerClient(onThisMachine(ports.secrets)),
    sqs: new SQSClient(onThisMachine(ports.queues)),
    credentials: credentialsName(localStage, groupid),
    token: secretName(localStage, groupid),
    queue: refreshQueueName(localStage),
    command: `npm run credentials -- ${groupid} --local --port ${port}`,
    hints: localHints,
    log: `the terminal of "npm start", at ${refreshToken.name}`,
  };
}
