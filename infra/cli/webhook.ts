import { visitorId } from '../../shared/presence/ids.ts';
import { readArguments, runCommand, UsageError, wholeNumber } from '../command.ts';
import { localStage, stageName } from '../names.ts';
import { loadRelayConfig } from '../relay-config.ts';
import { withHint } from './aws.ts';
import { bar, changingLine } from './lines.ts';
import { type Conclusion, report, type Step } from './report.ts';
import { localPort } from './signals/place.ts';
import { baseOf, linesOf, listed } from './webhook/list.ts';
import { localRelay } from './webhook/local-relay.ts';
import { findSample } from './webhook/sample.ts';
import { sourceNamed, sourcesOf } from './webhook/sources.ts';
import { tryOut } from './webhook/trial.ts';

const usage = `Tells the sources of webhooks and what each needs; or sends one of them a webhook, as its vendor would, on this
machine.

npm run webhook -- --list [options]
npm run webhook -- <source> [sample] [options]

  --list             the sources of relay.config.ts: where their senders shall send, how they prove themselves, and
                     what has to stand in the secret of each
  <source>           sends the local run ("npm start", in another terminal) a webhook of that source, signed with the
                     key that the local run has for it, and says what comes of it, from the answer to the signal. The
                     local run has the sources of relay.config.ts, and one of every kind besides
  [sample]           a file, or the name of a sample in test/samples; the one of the source, or of its kind, unless
                     given. In it, {{visitor}} is the visitor, {{id}}, {{number}}, {{letters}} and {{hexadecimal}} are
                     others each time, {{now}}, {{seconds}} and {{milliseconds}} tell the time
  --visitor <id>     for whom; ada unless given. Open the demo site as that visitor, and see it arrive
  --times <number>   so often, one after the other, 10000 at most
  --same             with the same ids each time, as vendors send again what was not answered: it is signalled once
  --forge            changed after it was signed, or with another secret: it has to be refused
  --local            with --list: those of the local run
  --port <number>    the --port that "npm start" was given, 4700 unless given
  --json             print one line of JSON: {"source","ok","says","steps":[{"name","verdict","says","hint"}]}; with
                     --list {"sources":[{"name","kind","groups","enabled","url","eventSource","maxBytes",
                     "authentication","hasReplayProtection","secret","lists"}]}
                     (npm writes a banner of its own; "npm run --silent webhook" does not)
  --help             print this

It needs no AWS. With --list, RELAY_STAGE says which stage is meant, prod unless given.

Exit code 0: it was taken, and no signal failed; with --forge: it was refused. 1: not so, or the local run is not up, or
relay.config.ts has a mistake. 2: called wrongly.
`;

const options = {
  list: { type: 'boolean', default: false },
  visitor: { type: 'string' },
  times: { type: 'string' },
  same: { type: 'boolean', default: false },
  forge: { type: 'boolean', default: false },
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
  const [name, sample, ...more] = positionals;
  if (values.list && name !== undefined) throw new UsageError('--list tells all sources; name none');
  if (values.list) return await list(values);
  if (name === undefined) throw new UsageError('which source? --list tells all of them');
  if (more.length > 0) throw new UsageError('a source, and one sample at most');
  await send(name, sample, values);
}

async function list({ local, port, json }: Values): Promise<void> {
  if (port !== undefined && !local) throw new UsageError('with --list, --port goes with --local');
  const config = await loadRelayConfig();
  const stage = local ? localStage : stageName();
  const base = baseOf(config, local ? localPort(port) : undefined);
  const sources = listed(sourcesOf(config, { local }), stage, base);
  if (json) process.stdout.write(`${JSON.stringify({ sources })}\n`);
  else if (sources.length === 0)
    process.stdout.write(
      'relay.config.ts has no sources of webhooks; --list --local tells those of the local run.\n',
    );
  else process.stdout.write(sources.map((source) => `${linesOf(source, stage).join('\n')}\n`).join('\n'));
}

async function send(name: string, given: string | undefined, values: Values): Promise<void> {
  const times = values.times === undefined ? 1 : wholeNumber('times', values.times, 1, 10_000);
  const visitor = visitorId.safeParse(values.visitor ?? 'ada').data;
  if (visitor === undefined)
    throw new UsageError('--visitor is 1 to 100 characters of A-Z, a-z, 0-9, ".", "_", "~", "-"');
  const config = await loadRelayConfig();
  const source = sourceNamed(sourcesOf(config, { local: true }), name);
  if (values.forge && source.transport !== 'http')
    throw new UsageError('nothing of it is signed: AWS alone tells who puts events on the bus');
  const relay = localRelay(localPort(values.port));
  const sample = await findSample(name, source, given);
  const strict = Object.entries(config.groups).filter(([, { visitorids }]) => visitorids === 'strict');
  const show = times > 1 && !values.json ? changingLine() : () => {};
  const steps = tryOut({
    ...{ relay, name, source, sample, visitor, times, same: values.same, forge: values.forge },
    strictGroups: new Set(strict.map(([groupid]) => groupid)),
    progress: (done, all) => show(done === undefined ? undefined : bar(done, all ?? times)),
  });
  const ok = await report({ source: name }, steps, conclude, values.json);
  if (!ok) process.exitCode = 1;
}

function conclude(steps: readonly Step[]): Conclusion {
  const names = (verdict: Step['verdict']) =>
    [...new Set(steps.filter((step) => step.verdict === verdict).map(({ name }) => name))].join(', ');
  const [failed, warned] = [names('fail'), names('warn')];
  if (failed !== '') return { ok: false, says: `Not well: ${failed}.` };
  return { ok: true, says: warned === '' ? 'All is well.' : `It was taken; but see ${warned}.` };
}

await runCommand(() => withHint(main));
