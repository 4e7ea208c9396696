import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import * as z from 'zod/mini';
import { type GroupId, groupId } from '../../../shared/presence/ids.ts';
import { UsageError } from '../../command.ts';
import { AwsTrouble, answerOf, onAws } from '../aws.ts';

/** A group of a relay that is deployed. */
export interface DeployedGroup {
  readonly groupid: GroupId;
  /** Names or ARNs of its secrets; without one for credentials, its tokens come from elsewhere. */
  readonly token: string;
  readonly credentials: string | undefined;
}

/** A relay as its stack tells of it; `relay.config.ts` may have changed since. */
export interface DeployedRelay {
  readonly name: string;
  readonly stage: string;
  readonly region: string;
  readonly account: string;
  readonly partition: string;
  /** As CloudFormation calls it: `UPDATE_COMPLETE`. */
  readonly state: string;
  /** Base address of the endpoints, without a slash at its end. */
  readonly address: string;
  readonly groups: readonly DeployedGroup[];
  /** Name of the queue on which tokens are asked for. */
  readonly refreshQueue: string | undefined;
  readonly snapshots:
    | { readonly bucket: string; readonly workgroup: string; readonly database: string }
    | undefined;
  /** The first of the roles that may call. */
  readonly role: string | undefined;
  /** When it was deployed, in milliseconds since 1970. */
  readonly deployedAt: number;
}

/** The stage of a stack by its name. Throws a UsageError for what cannot be that of a relay. */
export function stageOf(name: string): string {
  const [, stage] = /^presence-relay-([a-z][a-z0-9-]{0,19})$/.exec(name) ?? [];
  if (stage !== undefined) return stage;
  throw new UsageError(
    'the name of a stack is presence-relay-<stage>, as in presence-relay-prod; leave it out for that of RELAY_STAGE',
  );
}

const outputs = z.looseObject({
  Address: z.string().check(z.regex(/^https?:\/\/[^\s?#]+$/)),
  ApiId: z.string(),
  SignalQueue: z.string(),
  RefreshQueue: z.optional(z.string()),
  SnapshotBucket: z.optional(z.string()),
  SnapshotWorkgroup: z.optional(z.string()),
  SnapshotDatabase: z.optional(z.string()),
});

const stackArn = /^arn:(aws[a-z-]*):cloudformation:([a-z0-9-]+):(\d{12}):stack\//;

/** What CloudFormation knows of a relay. Throws `AwsTrouble`; also for a stack that is none. */
export async function readRelay(
  name: string,
  client = new CloudFormationClient(onAws()),
): Promise<DeployedRelay> {
  const stack = await stackNamed(name, client);
  if (!stack)
    throw new AwsTrouble(`stack ${name} does not exist in ${await client.config.region()}`, missing);
  const told = outputsOf(stack);
  const [, partition, region, account] = stackArn.exec(stack.StackId ?? '') ?? [];
  const state = stack.StackStatus ?? 'unknown';
  const { data } = outputs.safeParse(told);
  if (!isComplete(state)) throw new AwsTrouble(`stack ${name} is ${state}`, incomplete);
  if (!data || !partition || !region || !account)
    throw new AwsTrouble(
      `stack ${name} is no relay, or one of another release: it lacks the outputs`,
      noRelay,
    );
  return {
    name,
    stage: stageOf(name),
    ...{ region, account, partition, state },
    address: data.Address.replace(/\/$/, ''),
    groups: groupsIn(told),
    refreshQueue: data.RefreshQueue?.split('/').at(-1),
    snapshots: snapshotsIn(data),
    role: roleIn(stack),
    deployedAt: (stack.LastUpdatedTime ?? stack.CreationTime ?? new Date()).getTime(),
  };
}

const missing = 'deploy it first; or is it another account (AWS_PROFILE) or region (AWS_REGION)?';
const incomplete =
  'let the deployment end, or mend it and deploy again: "aws cloudformation describe-stack-events" tells what went wrong';
const noRelay = 'deploy this checkout to it, or name the stack of a relay: presence-relay-<stage>';

/** After a roll-back it is what it was before, and as good. */
function isComplete(state: string): boolean {
  return /^(CREATE|UPDATE|IMPORT|UPDATE_ROLLBACK|IMPORT_ROLLBACK)_COMPLETE$/.test(state);
}

/** What CloudFormation says of a stack, if it is there. Throws `AwsTrouble`. */
export async function stackNamed(name: string, client: CloudFormationClient): Promise<Stack | undefined> {
  const hints = { rights: 'cloudformation:DescribeStacks' };
  const call = { client, service: 'CloudFormation', deed: 'read', hints } as const;
  const asked = client.send(new DescribeStacksCommand({ StackName: name })).catch(nothing);
  const found = await answerOf(`stack ${name}`, call, asked);
  return found?.Stacks?.[0];
}

/** By their names. */
export function outputsOf({ Outputs = [] }: Stack): Record<string, string> {
  return Object.fromEntries(Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
}

/** CloudFormation has no name of its own for a stack that is not there. */
function nothing(error: unknown): undefined {
  if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message))
    return undefined;
  throw error;
}

function groupsIn(told: Readonly<Record<string, string>>): DeployedGroup[] {
  return Object.entries(told).flatMap(([key, token]) => {
    const [, id] = /^TokenSecret(\d+)$/.exec(key) ?? [];
    if (id === undefined) return [];
    return [{ groupid: groupId.parse(id), token, credentials: told[`CredentialsSecret${id}`] }];
  });
}

function snapshotsIn({ SnapshotBucket, SnapshotWorkgroup, SnapshotDatabase }: z.infer<typeof outputs>) {
  if (!SnapshotBucket || !SnapshotWorkgroup || !SnapshotDatabase) return undefined;
  return { bucket: SnapshotBucket, workgroup: SnapshotWorkgroup, database: SnapshotDatabase };
}

/** The step with the first call names the role that makes it. */
function roleIn({ Outputs = [] }: Stack): string | undefined {
  const { Description = '' } = Outputs.find(({ OutputKey }) => OutputKey === 'Step3') ?? {};
  return /credentials of (\S+):/.exec(Description)?.[1];
}
