import type { SnapshotEnvironment } from '../../shared/api/config/snapshot-environment.ts';
import { groupId, visitorId } from '../../shared/presence/ids.ts';
import { readArguments, runCommand, UsageError, untilInterrupted } from '../command.ts';
import { idKeyName, npmRun, stageName } from '../names.ts';
import { loadRelayConfig } from '../relay-config.ts';
import { withHint } from './aws.ts';
import { LeftOff } from './credentials/questions.ts';
import { carryOut } from './forget/carry-out.ts';
import { Forgetting } from './forget/forgetting.ts';
import { type Person, personOf } from './forget/person.ts';
import { Interrupted } from './forget/setbacks.ts';
import { openStore, type SnapshotStore } from './forget/store.ts';
import { forPeople, forScripts } from './forget/tell.ts';
import { bar, changingLine } from './lines.ts';
import { settingsOf, snapshotPlaceOf } from './snapshot/place.ts';

const usage = `Removes a person from the snapshots, for good, as when somebody wants to be erased. Each object that the person is
in is replaced by one with the lines of everybody else, byte for byte; all others stay as they are.

npm run forget -- <visitor id> [options]

  <visitor id>     as Glance has it; where digests stand in its place, those are looked for as well. One that begins
                   with "-" goes behind "--": npm run forget -- --yes -- -ada
  --group <group>  the snapshots of this group alone; unless given, those of all groups, also of former ones
  --dry-run        tell how many lines of the person are in how many objects, and change nothing
  --yes            do not ask
  --local          those of the local run that "npm start" has brought up in another terminal
  --port <number>  with --local: the --port that "npm start" was given, 4700 unless given
  --json           print one line of JSON: {"dryRun","interrupted","found":{"objects","lines"},"looked","unnamed",
                   "rewritten","removed","bytes","olderStay","digests","left":[{"key","why"}]}
                   (npm writes a banner of its own; "npm run --silent forget" does not)
  --help           print this

It looks through everything first, then asks, then removes; and in the end it looks at what has come meanwhile. It may
be interrupted at any time: what is done is done, no object is ever half of anything, and it can be run again. Others
who tell of the person in their own fields are left alone. It says what else there may be of the person.

RELAY_STAGE says which stage of the relay is meant, prod unless given. Your AWS credentials and region are found as
every AWS program finds them (AWS_PROFILE, AWS_REGION …). They need:

  lambda:GetFunctionConfiguration    on presence-relay-<stage>-snapshot, which knows the bucket
  s3:ListBucket                      on the bucket of the snapshots
  s3:GetObject                       on its snapshots/* and manifests/*
  s3:PutObject, s3:AbortMultipartUpload, s3:DeleteObjectVersion
                                     on the same; not for --dry-run
  secretsmanager:GetSecretValue      on presence-relay/<stage>/signal-ids, which digests are made with
  kms:Decrypt, kms:GenerateDataKey   on the key of the bucket, where relay.config.ts names one

Exit code 0: done, or the person is in none of them. 1: some objects were left alone, which it names, or something was
not to be had, or relay.config.ts has a mistake. 2: called wrongly. 130: interrupted, or left off.
`;

const options = {
  group: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  local: { type: 'boolean', default: false },
  port: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof readArguments<typeof options>>['values'];

async function main(): Promise<void> {
  const { values, positionals } = readArguments(options);
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const id = readId(positionals);
  checkArguments(values);
  const place = snapshotPlaceOf({ local: values.local, port: values.port }, await loadRelayConfig());
  const settings = await settingsOf(place);
  const person = await personOf(id, {
    client: place.secretsManager,
    idKey: settings.RELAY_ID_KEY ?? idKeyName(place.stage),
    needsDigests: hasDigests(settings, values.group),
    hints: place.hints,
  });
  if (!visitorId.safeParse(id).success)
    warn('Glance takes no such visitor id; it is looked for all the same.');
  await forget(openStore(place, settings.RELAY_SNAPSHOT_BUCKET), person, values);
}

async function forget(store: SnapshotStore, person: Person, values: Values): Promise<void> {
  const interruption = new AbortController();
  const { signal } = interruption;
  void untilInterrupted().then(() => interruption.abort(new Interrupted('it was left off')));
  const show = changingLine();
  const progress = (done: number, all: number) => show(bar(done, all));
  const forgetting = new Forgetting({ store, person, groupid: values.group, signal, progress });
  const end = await carryOut(forgetting, { ...values, dryRun: values['dry-run'], signal, show });
  const { found, trouble } = end;
  const { outcome } = forgetting;
  if (found) {
    const interrupted = signal.aborted;
    const signals = signalsCommand(values);
    const { group, 'dry-run': dryRun } = values;
    const report = { found, outcome, person, interrupted, dryRun, group, signals };
    print(values.json ? [JSON.stringify(forScripts(report))] : forPeople(report));
  }
  if (trouble !== undefined) throw trouble;
  if (outcome.left.size > 0) process.exitCode = 1;
  if (signal.aborted) process.exitCode = 130;
}

/** Glance may have had others once than it takes now. */
function readId([id, ...more]: readonly string[]): string {
  if (id === undefined) throw new UsageError('whom? The visitor id; --help tells more');
  if (more.length > 0) throw new UsageError('one visitor id, please');
  if (/^[^\p{Cc}]{1,1000}$/u.test(id)) return id;
  throw new UsageError('a visitor id is 1 to 1000 characters, none of which is a control character');
}

function checkArguments({ group, yes, 'dry-run': dryRun }: Values): void {
  if (group !== undefined && !groupId.safeParse(group).success) throw new UsageError('--group is digits');
  if (yes && dryRun) throw new UsageError('--dry-run or --yes, not both');
}

function hasDigests({ RELAY_SNAPSHOTS }: SnapshotEnvironment, group: string | undefined): boolean {
  return Object.entries(RELAY_SNAPSHOTS).some(
    ([groupid, { ids }]) => ids === 'digest' && (group ?? groupid) === groupid,
  );
}

function signalsCommand({ local, port }: Values): string {
  const command = 'signals -- --visitor <id> --forget';
  if (!local) return npmRun(stageName(), command);
  return `npm run ${command} --local${port === undefined ? '' : ` --port ${port}`}`;
}

function print(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

function warn(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function orLeftOff(): Promise<void> {
  try {
    await withHint(main);
  } catch (error) {
    if (!(error instanceof LeftOff)) throw error;
    warn('\nNothing was removed.');
    process.exitCode = 130;
  }
}

await runCommand(orLeftOff);
