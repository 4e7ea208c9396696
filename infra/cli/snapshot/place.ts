import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { RelayConfig } from '../../../shared/api/config/relay.ts';
import {
  groupsWithSnapshots,
  type SnapshotEnvironment,
  snapshotEnvironment,
} from '../../../shared/api/config/snapshot-environment.ts';
import type { SnapshotSettings } from '../../../shared/api/config/snapshots.ts';
import { readEnvironment } from '../../../shared/runtime/environment.ts';
import { SnapshotBucket } from '../../../shared/snapshots/bucket.ts';
import { SnapshotClaims } from '../../../shared/snapshots/claims.ts';
import { UsageError } from '../../command.ts';
import { snapshot } from '../../functions.ts';
import { portsFrom } from '../../local/ports.ts';
import { functionName, localStage, npmRun, stageName } from '../../names.ts';
import { type AwsCall, AwsTrouble, answerOf, localHints, onAws, onThisMachine } from '../aws.ts';
import { localPort } from '../signals/place.ts';

/** Where the snapshots of a stage are taken. What there is of them, its function knows: `settingsOf`. */
export interface SnapshotPlace {
  readonly s3: S3Client;
  /** Of the function and of nothing else; it never calls twice by itself. */
  readonly lambda: LambdaClient;
  readonly dynamo: DynamoDBClient;
  readonly secretsManager: SecretsManagerClient;
  readonly stage: string;
  /** Of the function that takes them, as AWS names it. */
  readonly functionName: string;
  /** `snapshot` or `history`, as it is typed for this place. */
  command(text: string): string;
  /** Where it is told what the function does. */
  readonly log: string;
  /** What to do where there is no such function. */
  readonly missing: string;
  /** Of the local run: what to do where something is not to be had. */
  readonly hints?: { readonly missing: string; readonly unreachable: string };
}

interface PlaceOptions {
  readonly local: boolean;
  readonly port: string | undefined;
}

/** What `npm start` has brought up, or the stage that RELAY_STAGE names. Throws a UsageError. */
export function snapshotPlaceOf({ local, port }: PlaceOptions, config: RelayConfig): SnapshotPlace {
  if (local) return localPlace(localPort(port), config);
  if (port !== undefined) throw new UsageError('--port is of the local run, and the stage on AWS is meant');
  return awsPlace(config);
}

function localPlace(port: number, config: RelayConfig): SnapshotPlace {
  const ports = portsFrom(port);
  const given = port === 4_700 ? '' : ` --port ${port}`;
  return {
    s3: new S3Client({ ...onThisMachine(ports.bucket), ...patient }),
    lambda: new LambdaClient(onThisMachine(ports.functions)),
    dynamo: new DynamoDBClient(onThisMachine(ports.table)),
    secretsManager: new SecretsManagerClient(onThisMachine(ports.secrets)),
    stage: localStage,
    functionName: functionName(localStage, snapshot.name),
    command: (text) => withOptions(`npm run ${text}`, given),
    log: `a line "${snapshot.name} | …" in the terminal of "npm start"`,
    missing: missingIn(config, localHints.missing),
    hints: localHints,
  };
}

/** For a part of a large object, over a line that is not that of a data centre. */
const patient = {
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
};

function awsPlace(config: RelayConfig): SnapshotPlace {
  const stage = stageName();
  const options = onAws(someArn(config));
  const name = functionName(stage, snapshot.name);
  return {
    s3: new S3Client({ ...options, ...patient }),
    lambda: new LambdaClient({ ...options, maxAttempts: 1 }),
    dynamo: new DynamoDBClient(options),
    secretsManager: new SecretsManagerClient(options),
    stage,
    functionName: name,
    command: (text) => withOptions(npmRun(stage, text), ' --deployed'),
    log: `the log of the function ${name}`,
    missing: missingIn(
      config,
      'deploy the relay first; or is it another account (AWS_PROFILE), region (AWS_REGION) or stage (RELAY_STAGE)?',
    ),
  };
}

/** Everything that the configuration names is in the region of the stack. */
function someArn({ groups, snapshots }: RelayConfig): string | undefined {
  const named = Object.values(groups).flatMap(({ secret, credentials }) => [secret?.arn, credentials?.arn]);
  return [...named, snapshots.keyArn].find((arn) => arn !== undefined);
}

function withOptions(command: string, given: string): string {
  return given === '' || command.includes(' -- ') ? command + given : `${command} --${given}`;
}

function missingIn(config: RelayConfig, otherwise: string): string {
  if (groupsWithSnapshots(config).length > 0) return otherwise;
  return 'no group of relay.config.ts has "snapshots", so none are taken; docs/snapshots.md tells how to have some';
}

/** What the function that takes snapshots was given: bucket, table, groups. Throws `AwsTrouble`. */
export async function settingsOf(place: SnapshotPlace): Promise<SnapshotEnvironment> {
  const { lambda, functionName: FunctionName, missing, hints } = place;
  const call: AwsCall = {
    client: lambda,
    service: 'Lambda',
    deed: 'read',
    hints: { rights: 'lambda:GetFunctionConfiguration', ...hints, missing },
  };
  const { Environment = {} } = await answerOf(
    `function ${FunctionName}`,
    call,
    lambda.send(new GetFunctionConfigurationCommand({ FunctionName })),
  );
  try {
    return readEnvironment(snapshotEnvironment, Environment.Variables ?? {});
  } catch (cause) {
    const how = 'deploy the relay anew, and update these commands with it';
    throw new AwsTrouble(`function ${FunctionName} has an environment of another version`, how, { cause });
  }
}

export function bucketOf({ s3: client }: Pick<SnapshotPlace, 's3'>, bucket: string): SnapshotBucket {
  const commands = {
    ...{ AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand },
    ...{ GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, UploadPartCommand },
  };
  return new SnapshotBucket({ bucket, open: () => ({ client, ...commands }) });
}

export function claimsOf({ dynamo: client }: SnapshotPlace, table: string): SnapshotClaims {
  const commands = { DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand };
  return new SnapshotClaims({ table, open: () => ({ client, ...commands }) });
}

/** What is asked of the bucket. Throws `AwsTrouble`, which names it. */
export function fromBucket<T>(
  { s3: client, hints }: SnapshotPlace,
  bucket: string,
  rights: string,
  answer: Promise<T>,
): Promise<T> {
  return answerOf(
    `bucket ${bucket}`,
    { client, service: 'S3', deed: 'read', hints: { rights, ...hints } },
    answer,
  );
}

/** The group that was named, or the only one of which there are snapshots. Throws a UsageError. */
export function groupWithSnapshots(
  { RELAY_SNAPSHOTS: all }: SnapshotEnvironment,
  given: readonly string[],
): { readonly groupid: string; readonly settings: SnapshotSettings } {
  const known = Object.entries(all);
  const there = `there are snapshots of ${known.map(([groupid]) => groupid).join(', ')}`;
  const [wanted, ...more] = given;
  if (more.length > 0) throw new UsageError('one group, please');
  if (wanted === undefined && known.length > 1) throw new UsageError(`which group? ${there}`);
  const [found] = wanted === undefined ? known : known.filter(([groupid]) => groupid === wanted);
  if (found) return { groupid: found[0], settings: found[1] };
  const which = wanted !== undefined && /^\d{1,19}$/.test(wanted) ? `group ${wanted}` : 'that';
  throw new UsageError(`${which} has no snapshots; ${there}`);
}
