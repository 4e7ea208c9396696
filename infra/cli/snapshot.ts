import { writeManifest } from '../../shared/snapshots/manifest.ts';
import { slotAt } from '../../shared/snapshots/slot.ts';
import { readArguments, runCommand } from '../command.ts';
import { loadRelayConfig } from '../relay-config.ts';
import { withHint } from './aws.ts';
import { changingLine } from './lines.ts';
import { groupWithSnapshots, settingsOf, snapshotPlaceOf } from './snapshot/place.ts';
import { takeNow } from './snapshot/take-now.ts';
import { snapshotLines, whyNone } from './snapshot/words.ts';

const usage = `Takes a snapshot now: who is on the site at this second, beside those that the schedule takes.

npm run snapshot -- [group] [options]

  [group]          one that has "snapshots" in relay.config.ts; it may be left out where there is but one
  --deployed       of the stage that RELAY_STAGE names, prod unless given; else it is the local run, which "npm start"
                   has brought up in another terminal
  --port <number>  of the local run: the --port that "npm start" was given, 4700 unless given
  --json           print one line of JSON: {"groupid","outcome","bucket","manifest"}; the outcome is "taken", "gap",
                   "being-taken" or "over", and the first two have a manifest, as it stands in the bucket
                   (npm writes a banner of its own; "npm run --silent snapshot" does not)
  --help           print this

It does what the schedule does: the function asks the Presence service, stores the visitors, compares them with those
of the snapshot before, and puts who came and who left on the bus. It takes 15 minutes at most. Whoever interrupts it
here does not stop the function.

With --deployed, your AWS credentials and region are found as every AWS program finds them (AWS_PROFILE, AWS_REGION …).
They need:

  lambda:GetFunctionConfiguration, lambda:InvokeFunction   on the function presence-relay-<stage>-snapshot
  dynamodb:GetItem   on the table presence-relay-<stage>-signals, to show how far it is; without it, nothing is shown

Exit code 0: it is taken. 1: it is not, or something is not to be had, or relay.config.ts has a mistake. 2: called
wrongly.
`;

const options = {
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
  const { deployed, port, json } = values;
  const place = snapshotPlaceOf({ local: !deployed, port }, await loadRelayConfig());
  const environment = await settingsOf(place);
  const { groupid } = groupWithSnapshots(environment, positionals);
  const { RELAY_SIGNAL_TABLE: table, RELAY_SNAPSHOT_BUCKET: bucket } = environment;
  const answer = await takeNow(
    place,
    { groupid, slot: slotAt(Date.now()), table },
    process.stderr.isTTY ? changingLine() : undefined,
  );
  const manifest = 'manifest' in answer ? answer.manifest : undefined;
  if (manifest?.status !== 'taken') process.exitCode = 1;
  if (json) {
    const { outcome } = answer;
    const told = {
      groupid,
      outcome,
      bucket,
      ...(manifest && { manifest: JSON.parse(writeManifest(manifest)) }),
    };
    process.stdout.write(`${JSON.stringify(told)}\n`);
  } else if (manifest?.status === 'taken')
    process.stdout.write(`${snapshotLines(manifest, bucket, place).join('\n')}\n`);
  else process.stderr.write(`No snapshot was taken: ${whyNone(answer, place)}\n`);
}

await runCommand(() => withHint(main));
