import { roleReference } from '../../shared/api/config/callers.ts';
import { readArguments, runCommand, UsageError, untilInterrupted } from '../command.ts';
import { stackName, stageName } from '../names.ts';
import { changingLine } from './lines.ts';
import { report } from './report.ts';
import { conclude } from './verify/conclude.ts';
import { stageOf } from './verify/relay.ts';
import { verify } from './verify/steps.ts';

const usage = `Checks a relay that is deployed to a real account: what can be seen only there. Then it cleans up after itself.

npm run verify -- [stack] [options]

  [stack]          name of its stack, presence-relay-prod; that of RELAY_STAGE unless given, which is prod unless set
  --role <role>    ARN, or name, of the IAM role that calls; it is assumed. Without it, your credentials call as they
                   are. It has to be one of "callers" of the relay, best one with "query"
  --group <group>  whose token is replaced; the first one unless given
  --address <url>  where the endpoints are, where that is not the Address of the stack: a domain of which the DNS does
                   not know yet, an emulator of AWS
  --no-twin        deploy nothing
  --json           print one line of JSON: {"stack","ok","says","steps":[{"name","verdict","says","hint"}]}
                   (npm writes a banner of its own; "npm run --silent verify" does not)
  --help           print this

The steps:

  stack     it is there, its deployment has ended, and it is a relay
  caller    who calls: the role is there, and may be assumed
  unsigned  a call of each endpoint without a signature is refused
  forged    so is one that is signed by a wrong key,
  stale     and one whose signature is 20 minutes old
  signed    the caller looks up a visitor who cannot exist, and gets {}
  token     the token of a group is replaced twice in a row, each time by one that the Presence service takes
  schedule  time alone made the relay take a snapshot, not longer ago than two periods; or, where it takes none, ask
            for a token. It waits for a stack that is too young, for 6 minutes at most
  athena    a saved query over the snapshots of the last day runs; the result is removed from the bucket
  query     /query comes whole, for each group that the caller may query; its bytes are counted
  stream    so does one of over 10 MB. Unless a group has so many visitors, a twin is deployed: this very checkout, as
            the stack presence-relay-verify-<random>, with a group that is made up, and a stand-in for Glance with
            12 MB of visitors, a function at an address of its own that only this run has the password of. Both stacks
            are removed again, whatever came of it, at Ctrl-C too
  leftovers first of all, and only where a run was killed: its stacks are removed once they are an hour old; until then,
            they may be of somebody's run that is under way, and it is told how to remove them

It sends no signal, and prints no token and nothing of visitors. What is checked is what the stack tells of itself,
whatever relay.config.ts says by now. Without a twin it takes about a minute. As reckoned, and not measured yet, it
takes ten with one, and costs a few US cents at most: for some minutes, a twin has its secrets, alarms and a dashboard;
Athena is paid for 10 MB at least. What the CDK puts into its bucket for assets stays there, as with every deployment.

Your AWS credentials and region are found as every AWS program finds them (AWS_PROFILE, AWS_REGION …). They need:

  cloudformation:DescribeStacks, sts:GetCallerIdentity; with --role, sts:AssumeRole on that role in its place
  secretsmanager:GetSecretValue on the secret with the token (kms:Decrypt, if a key of yours encrypts it), and
    sqs:GetQueueUrl, sqs:SendMessage on <stack>-refresh.fifo
  lambda:GetFunctionConfiguration on <stack>-snapshot; where no snapshots are taken, cloudwatch:GetMetricStatistics
  athena:ListNamedQueries, BatchGetNamedQuery, StartQueryExecution, GetQueryExecution, GetQueryResults and
    StopQueryExecution on the workgroup <stack>; glue:GetDatabase, GetTable and GetPartitions on the database
  s3:ListBucket, GetBucketLocation, ListBucketVersions and GetObject on the bucket with the snapshots, and PutObject,
    DeleteObject and DeleteObjectVersion under results/ in it (kms:Decrypt and kms:GenerateDataKey, if a key of yours
    encrypts it)
  for a twin, all that "npm run deploy" needs, what stands above on what it has made, with
    secretsmanager:PutSecretValue, and cloudformation:DescribeStacks on all stacks, to find leftovers

Exit code 0: no step failed; what could not be checked is a warning that says why. 1: one did. 2: called wrongly.
130: interrupted; what was deployed is removed, or it is told how to.
`;

const options = {
  role: { type: 'string' },
  group: { type: 'string' },
  address: { type: 'string' },
  'no-twin': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = readArguments(options);
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const [stack = stackName(stageName()), ...more] = positionals;
  if (more.length > 0) throw new UsageError('one stack, please');
  stageOf(stack);
  const wishes = {
    stack,
    role: values.role === undefined ? undefined : readRole(values.role),
    group: values.group === undefined ? undefined : readGroup(values.group),
    address: values.address === undefined ? undefined : readAddress(values.address),
    twin: !values['no-twin'],
  };
  const stop = new AbortController();
  void untilInterrupted().then(() => stop.abort(new Interrupted()));
  const surroundings = { signal: stop.signal, tell: changingLine() };
  const ok = await report({ stack }, verify(wishes, surroundings), conclude, values.json);
  if (!ok) process.exitCode = 1;
}

function readRole(role: string): string {
  if (roleReference.safeParse(role).success) return role;
  throw new UsageError(
    '--role is an IAM role: arn:aws:iam::<account>:role/<name>, or the name of one of this account',
  );
}

function readGroup(group: string): string {
  if (/^\d{1,19}$/.test(group)) return group;
  throw new UsageError('--group is the id of a group: digits');
}

function readAddress(address: string): string {
  const url = URL.parse(address);
  if (url && /^https?:$/.test(url.protocol) && !/[?#]/.test(address)) return address.replace(/\/$/, '');
  throw new UsageError('--address is https:// and what stands before the paths of the endpoints');
}

/** Somebody does not want to wait for the rest. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

async function orInterrupted(): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    process.stderr.write('\nInterrupted.\n');
    process.exitCode = 130;
  }
}

await runCommand(orInterrupted);
