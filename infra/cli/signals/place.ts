import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { RelayConfig } from '../../../shared/api/config/relay.ts';
import { SignalTable } from '../../../shared/signals/table.ts';
import { UsageError, wholeNumber } from '../../command.ts';
import { portCount, portsFrom } from '../../local/ports.ts';
import {
  idKeyName,
  localStage,
  npmRun,
  signalDeadLettersName,
  signalQueueName,
  signalTableName,
  stageName,
} from '../../names.ts';
import { type AwsCall, answerOf, localHints, onAws, onThisMachine } from '../aws.ts';

/** Where the signals of a stage are. */
export interface SignalPlace {
  readonly dynamo: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly secretsManager: SecretsManagerClient;
  /** Names of the table, of the queue, of that of the dead letters, and of the secret that ids are made with. */
  readonly table: string;
  readonly queue: string;
  readonly deadLetters: string;
  readonly idKey: string;
  /** How long a queue is asked: with a second, SQS looks at all of its servers, and nothing is nothing then. */
  readonly waitSeconds: 0 | 1;
  /** A command as it is typed for this place. */
  command(text: string): string;
  /** What to do where something is not to be had, unless it is what AWS wants. */
  readonly hints?: { readonly missing: string; readonly unreachable: string };
}

interface PlaceOptions {
  readonly local: boolean;
  readonly port: string | undefined;
}

/** The stage on AWS, or what `npm start` has brought up. Throws a UsageError. */
export function placeOf({ local, port }: PlaceOptions, config: RelayConfig): SignalPlace {
  if (local) return localPlace(localPort(port));
  if (port !== undefined) throw new UsageError('--port goes with --local');
  return awsPlace(config);
}

/** The port of the relay of a local run. Throws a UsageError. */
export function localPort(given: string | undefined): number {
  return wholeNumber('port', given ?? '4700', 1, 65_536 - portCount);
}

export function localPlace(port: number): SignalPlace {
  const ports = portsFrom(port);
  const options = port === 4_700 ? '--local' : `--local --port ${port}`;
  return {
    dynamo: new DynamoDBClient(onThisMachine(ports.table)),
    sqs: new SQSClient(onThisMachine(ports.queues)),
    secretsManager: new SecretsManagerClient(onThisMachine(ports.secrets)),
    ...namesOf(localStage),
    waitSeconds: 0,
    command: (text) => `npm run ${text}${text.includes(' -- ') ? '' : ' --'} ${options}`,
    hints: localHints,
  };
}

/** In the region of the stack, which is that of whatever relay.config.ts names. */
function awsPlace({ groups }: RelayConfig): SignalPlace {
  const stage = stageName();
  const named = Object.values(groups).flatMap(({ secret, credentials }) => [secret?.arn, credentials?.arn]);
  const options = onAws(named.find((arn) => arn !== undefined));
  return {
    dynamo: new DynamoDBClient(options),
    sqs: new SQSClient(options),
    secretsManager: new SecretsManagerClient(options),
    ...namesOf(stage),
    waitSeconds: 1,
    command: (text) => npmRun(stage, text),
  };
}

function namesOf(stage: string) {
  return {
    table: signalTableName(stage),
    queue: signalQueueName(stage),
    deadLetters: signalDeadLettersName(stage),
    idKey: idKeyName(stage),
  };
}

/** The records of the signals there. */
export function signalTableOf({ dynamo: client, table }: SignalPlace): SignalTable {
  const commands = { DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand };
  return new SignalTable({ table, open: () => ({ client, ...commands }) });
}

type Deed = AwsCall['deed'];

/** What the table answers. Throws `AwsTrouble`, which names it. */
export function fromTable<T>(place: SignalPlace, deed: Deed, rights: string, answer: Promise<T>): Promise<T> {
  const { dynamo: client, table, hints } = place;
  return answerOf(
    `table ${table}`,
    { client, service: 'DynamoDB', deed, hints: { rights, ...hints } },
    answer,
  );
}

/** What is answered by the queue of that name. Throws `AwsTrouble`, which names it. */
export function fromQueue<T>(
  { sqs: client, hints }: SignalPlace,
  queue: string,
  rights: string,
  answer: Promise<T>,
): Promise<T> {
  const call: AwsCall = { client, service: 'SQS', deed: 'used', hints: { rights, ...hints } };
  return answerOf(`queue ${queue}`, call, answer);
}
