import type { SnapshotSettings } from '../../shared/api/config/snapshots.ts';
import { readArguments, runCommand, wholeNumber } from '../command.ts';
import { loadRelayConfig } from '../relay-config.ts';
import { withHint } from './aws.ts';
import type { History, TopPages } from './history/history.ts';
import { manifestsOf } from './history/manifests.ts';
import { fromFirst, rangeOf } from './history/range.ts';
import { reportFile, writeReport } from './history/report-file.ts';
import { forScripts } from './history/scripts.ts';
import { seriesOf } from './history/series.ts';
import { summaryOf } from './history/summary.ts';
import { historyLines } from './history/tell.ts';
import { sampleOf, visitsOf } from './history/visits.ts';
import { bar, changingLine } from './lines.ts';
import { groupWithSnapshots, type SnapshotPlace, settingsOf, snapshotPlaceOf } from './snapshot/place.ts';

const usage = `Shows how many visitors there were, and on which pages: what the snapshots of a group tell.

npm run history -- [group] [options]

  [group]          one that has "snapshots" in relay.config.ts; it may be left out where there is but one
  --last <time>    so many minutes, hours or days: 90m, 24h, 7d … up to now, or to --to; 24h unless given, or less
                   where there are no snapshots that old
  --from <time>    from then on: a day or a time in UTC, as 2026-11-22 or 2026-11-22T12:05
  --to <time>      until then, now unless given; a day belongs to it as a whole
  --top <number>   so many pages, 10 unless given, 1000 at most; 0 reads none of the visitors
  --all            for the pages, read all snapshots; else it is 200 of them at most, evenly chosen, and fewer where
                   they are large
  --report <file>  write it to a file too: a page that stands by itself where the name ends in .html, the chart alone
                   where it ends in .svg
  --deployed       of the stage that RELAY_STAGE names, prod unless given; else it is the local run, which "npm start"
                   has brought up in another terminal
  --port <number>  of the local run: the --port that "npm start" was given, 4700 unless given
  --json           print one line of JSON: {"groupid","from","to","snapshots","missing","arrivals","departures",
                   "compared","peak","average","newest","unreadable","series":[{"snapshot","visitors","reason"}],
                   "gaps":[{"from","to","missing"}],"pages":{"top":[{"page","visitors","share"}],"visitors","without",
                   "beyond","read","of","unreadable"}}; "visitors" is null where nobody knows, "pages" where
                   they are not kept or none are wanted
                   (npm writes a banner of its own; "npm run --silent history" does not)
  --help           print this

Where snapshots are missing, the chart has a mark and no number: nobody knows who was there, which is not the same as
nobody. A page is host and path of the "url" of a visitor, without what follows. No visitor ids are printed.

With --deployed, your AWS credentials and region are found as every AWS program finds them (AWS_PROFILE, AWS_REGION …).
They need:

  lambda:GetFunctionConfiguration   on the function presence-relay-<stage>-snapshot
  s3:ListBucket, s3:GetObject       on the bucket of the snapshots; with a key of your own, kms:Decrypt on it

Exit code 0: told. 1: something is not to be had, or relay.config.ts has a mistake. 2: called wrongly.
`;

const options = {
  last: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  top: { type: 'string' },
  all: { type: 'boolean', default: false },
  report: { type: 'string' },
  deployed: { type: 'boolean', default: false },
  port: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = readArguments(options);
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const now = Date.now();
  const range = rangeOf(values, now);
  const top = wholeNumber('top', values.top ?? '10', 0, 1_000);
  const file = values.report === undefined ? undefined : await reportFile(values.report);
  const { deployed, port, json, all } = values;
  const place = snapshotPlaceOf({ local: !deployed, port }, await loadRelayConfig());
  const environment = await settingsOf(place);
  const { groupid, settings } = groupWithSnapshots(environment, positionals);

  const show = changingLine();
  const progress = (what: string) => (done: number, count: number) => show(`${what} ${bar(done, count)}`);
  const source = { place, name: environment.RELAY_SNAPSHOT_BUCKET };
  try {
    const { manifests, unreadable } = await manifestsOf({
      ...{ ...source, groupid, range },
      progress: progress('manifests'),
    });
    const isChosen = values.last !== undefined || values.from !== undefined;
    const shown = isChosen ? range : fromFirst(range, manifests);
    const series = seriesOf(manifests, shown, settings.periodSeconds * 1_000);
    const history: History = {
      ...{ groupid, manifests, series, unreadable },
      from: deployed ? `stage ${place.stage}` : 'the local run',
      summary: summaryOf(series, manifests),
      ...(top > 0 && { pages: await pagesOf({ manifests, settings, source, top, all, progress }) }),
    };
    show();
    tell(history, json);
    if (file === undefined) return;
    await writeReport(file, history, now);
    if (!json) process.stdout.write(`\nThe report is in ${file}.\n`);
  } finally {
    show();
  }
}

interface PagesWish {
  readonly manifests: History['manifests'];
  readonly settings: SnapshotSettings;
  readonly source: { readonly place: SnapshotPlace; readonly name: string };
  readonly top: number;
  readonly all: boolean;
  readonly progress: (what: string) => (done: number, count: number) => void;
}

async function pagesOf(wish: PagesWish): Promise<TopPages | 'not kept'> {
  const { fields } = wish.settings;
  if (fields !== 'all' && !fields.includes('url')) return 'not kept';
  const taken = wish.manifests.filter((manifest) => manifest.status === 'taken');
  const chosen = wish.all ? taken : sampleOf(taken);
  const { counts, ...read } = await visitsOf(chosen, {
    ...wish.source,
    progress: wish.progress('snapshots'),
  });
  const { visitors, without, beyond } = counts;
  return { top: counts.top(wish.top), visitors, without, beyond, of: taken.length, ...read };
}

function tell(history: History, json: boolean): void {
  const text = json
    ? JSON.stringify(forScripts(history))
    : historyLines(history, process.stdout.columns).join('\n');
  process.stdout.write(`${text}\n`);
}

await runCommand(() => withHint(main));
