import { type VisitorId, visitorId } from '../../shared/presence/ids.ts';
import { isEnding, signalId } from '../../shared/signals/signal.ts';
import { readArguments, runCommand, UsageError } from '../command.ts';
import { loadRelayConfig } from '../relay-config.ts';
import { withHint } from './aws.ts';
import { LeftOff } from './credentials/questions.ts';
import { oneOf } from './groups.ts';
import { width, wrapped } from './lines.ts';
import { confirmForgetting, forget, whatStays } from './signals/forget.ts';
import { fromTable, placeOf, type SignalPlace, signalTableOf } from './signals/place.ts';
import { recordsOf } from './signals/records.ts';
import { linesOf } from './signals/show.ts';

const usage = `Tells what became of signals: those of webhooks, and those that were sent with a TTL. A record is kept for 15
days, without the message.

npm run signals -- <signal id> [options]
npm run signals -- --visitor <id> [options]

  <signal id>      the record of one signal; logs, receipts and alarms name signals by their ids
  --visitor <id>   the records of a visitor, the newest last; those of the last second may be missing
  --group <group>  with --visitor: of this group of relay.config.ts alone
  --forget         with --visitor: remove those that have ended, for good, as when a person wants to be erased. It asks
                   first. It says what else there may be of that person, and how that goes
  --yes            with --forget: do not ask
  --local          those of the local run that "npm start" has brought up in another terminal
  --port <number>  with --local: the --port that "npm start" was given, 4700 unless given
  --json           print one line of JSON: {"signals":[{"id","groupid","visitorid","source","mtype","func","status",
                   "reason","attempts","acceptedAt","expiresAt","waitingSince","sendingAt","endedAt","leaseUntil"}]},
                   times in milliseconds since 1970; with --forget {"forgotten","open"}, the numbers of records
                   (npm writes a banner of its own; "npm run --silent signals" does not)
  --help           print this

A signal is accepted (taken on), waiting (for its visitor), sending; and then sent, expired (its visitor was not
there in time), cancelled, unknown (sent, and nobody knows whether it arrived) or failed.

RELAY_STAGE says which stage of the relay is meant, prod unless given. Your AWS credentials and region are found as
every AWS program finds them (AWS_PROFILE, AWS_REGION …). They need, on the table presence-relay-<stage>-signals:

  dynamodb:GetItem       for one signal
  dynamodb:Query         for those of a visitor, on its index too: table/presence-relay-<stage>-signals/index/visitor
  dynamodb:DeleteItem    for --forget

Exit code 0: told. 1: there is no such signal, or the table is not to be had, or relay.config.ts has a mistake. 2:
called wrongly. 130: left off; nothing was removed.
`;

const options = {
  visitor: { type: 'string' },
  group: { type: 'string' },
  forget: { type: 'boolean', default: false },
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
  checkArguments(values, positionals);
  const config = await loadRelayConfig();
  const place = placeOf({ local: values.local, port: values.port }, config);
  const [id] = positionals;
  if (id !== undefined) return await tellOne(place, id, values);
  const groups = Object.entries(config.groups);
  const chosen = values.group === undefined ? groups : [oneOf(groups, [values.group], '')];
  await tellVisitor(place, readVisitor(values.visitor), {
    ...values,
    groupids: chosen.map(([group]) => group),
  });
}

function checkArguments({ visitor, group, forget, yes }: Values, positionals: readonly string[]): void {
  if (positionals.length > 1) throw new UsageError('one signal, please');
  if (positionals.length === 1 && visitor !== undefined)
    throw new UsageError('a signal, or --visitor; not both');
  if (positionals.length === 0 && visitor === undefined)
    throw new UsageError('which? The id of a signal, or --visitor <id>; --help tells more');
  if (visitor === undefined && (group !== undefined || forget))
    throw new UsageError('--group and --forget go with --visitor');
  if (yes && !forget) throw new UsageError('--yes goes with --forget');
}

async function tellOne(place: SignalPlace, given: string, { json }: Values): Promise<void> {
  const { data: id } = signalId.safeParse(given);
  if (!id) throw new UsageError('the id of a signal is 16 to 64 characters of A-Z, a-z, 0-9, "-"');
  const record = await fromTable(place, 'read', 'dynamodb:GetItem', signalTableOf(place).read(id));
  if (json) printJson({ signals: record ? [record] : [] });
  if (record && !json) print(linesOf(record, { named: true }));
  if (record) return;
  if (!json)
    print(['There is no record of such a signal: none was ever taken on, or it is more than 15 days ago.']);
  process.exitCode = 1;
}

async function tellVisitor(
  place: SignalPlace,
  visitor: VisitorId,
  { groupids, json, ...values }: Values & { readonly groupids: readonly string[] },
): Promise<void> {
  const records = await recordsOf(place, visitor, groupids);
  const ended = records.filter(({ status }) => isEnding(status));
  if (json && !values.forget) return printJson({ signals: records });
  if (!json) print(records.flatMap((record) => linesOf(record, { named: false })));
  const where = `${groupids.length === 1 ? 'group' : 'groups'} ${groupids.join(', ')}`;
  if (!json) print(records.length > 0 ? [''] : [`There is no record of that visitor in ${where}.`]);
  if (!values.forget) return;
  if (ended.length > 0 && !values.yes) await confirmForgetting(ended.length);
  const done = await forget(place, records);
  if (json) return printJson(done);
  const says = [`${done.forgotten} ${done.forgotten === 1 ? 'record is' : 'records are'} gone.`];
  print([...says, ...whatStays(done, place)].flatMap((line) => wrapped(line, width)));
}

function readVisitor(id: string | undefined): VisitorId {
  const { data } = visitorId.safeParse(id);
  if (data) return data;
  throw new UsageError('--visitor is 1 to 100 characters of A-Z, a-z, 0-9, ".", "_", "~", "-"');
}

function print(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

async function orLeftOff(): Promise<void> {
  try {
    await withHint(main);
  } catch (error) {
    if (!(error instanceof LeftOff)) throw error;
    process.stderr.write('\nNothing was removed.\n');
    process.exitCode = 130;
  }
}

await runCommand(orLeftOff);
