import { readArguments, runCommand, UsageError, untilInterrupted, wholeNumber } from '../command.ts';
import { loadRelayConfig } from '../relay-config.ts';
import { withHint } from './aws.ts';
import { bar, changingLine } from './lines.ts';
import { DeadLetterQueue } from './redrive/dead-letters.ts';
import { redrive } from './redrive/redrive.ts';
import { Redriver } from './redrive/redriver.ts';
import { forScripts, type Mode, tell } from './redrive/tell.ts';
import { placeOf } from './signals/place.ts';
import { sourcesOf } from './webhook/sources.ts';

const usage = `Tells which signals could not be delivered and which events of webhooks made none: the dead letters of the signals,
by their reasons. With --go, has them delivered, once what was in the way is mended.

npm run redrive -- [options]

  --reason <reason>  those of one reason, as the list names it: mapping-threw, unavailable, received-too-often …
  --source <source>  those of one source: the name of a webhook source in relay.config.ts, or the role of a caller
  --limit <number>   so many at most
  --dry-run          find out what --go would do, and do nothing
  --go               do it
  --local            those of the local run that "npm start" has brought up in another terminal
  --port <number>    with --local: the --port that "npm start" was given, 4700 unless given
  --json             print one line of JSON: {"queue","mode","letters","elsewhere","reasons":[{"reason","count",
                     "oldest","sources","groups","details"}]}; with --dry-run and --go "moved","signals","over","stayed"
                     too
                     (npm writes a banner of its own; "npm run --silent redrive" does not)
  --help             print this

Without --go, nothing changes. With it, signals go back to their queue as they are; those that failed get as much time
again as they had. A signal that was sent is not sent again, nor is one of which nobody knows whether it arrived. An
event that made no signal is given to "signal" of its source as relay.config.ts has it on this machine: mend it, deploy
it, then come here. What still makes no signal stays, and why is told.

It may be interrupted at any time: nothing is lost, and nothing is sent twice. What it looks at is out of the queue
meanwhile, and for 15 minutes at most where it was ended by force; so alarms on its length may ring anew.

No visitor ids, and nothing of what signals and events hold, are printed.

RELAY_STAGE says which stage of the relay is meant, prod unless given. Your AWS credentials and region are found as
every AWS program finds them (AWS_PROFILE, AWS_REGION …). They need:

  sqs:GetQueueUrl, sqs:GetQueueAttributes, sqs:ReceiveMessage, sqs:ChangeMessageVisibility, and sqs:DeleteMessage for
                                       --go, on presence-relay-<stage>-signals-dead-letters
  sqs:GetQueueUrl, and sqs:SendMessage for --go, on presence-relay-<stage>-signals
  dynamodb:GetItem, and dynamodb:PutItem and dynamodb:UpdateItem for --go, on the table presence-relay-<stage>-signals
  secretsmanager:GetSecretValue        on presence-relay/<stage>/signal-ids, where events make signals

The last three are for --dry-run and --go alone.

Exit code 0: told, or done. 1: some stay, or something was not to be had, or relay.config.ts has a mistake. 2: called
wrongly. 130: interrupted; what was done is told.
`;

const options = {
  reason: { type: 'string' },
  source: { type: 'string' },
  limit: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  go: { type: 'boolean', default: false },
  local: { type: 'boolean', default: false },
  port: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values } = readArguments(options, false);
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const { reason, source, local, port, json } = values;
  if (values.go && values['dry-run']) throw new UsageError('--dry-run or --go, not both');
  const limit = values.limit === undefined ? Infinity : wholeNumber('limit', values.limit, 1, 1_000_000);
  const mode: Mode = values.go ? 'go' : values['dry-run'] ? 'dry-run' : 'list';
  const config = await loadRelayConfig();
  const place = placeOf({ local, port }, config);
  const queue = await DeadLetterQueue.open(place);
  const count = await queue.count();
  const sources = sourcesOf(config, { local });
  const redriver = mode === 'list' ? undefined : await Redriver.open({ place, config, sources });

  let isInterrupted = false;
  void untilInterrupted().then(() => {
    isInterrupted = true;
  });
  const show = changingLine();
  const progress = (done: number) => show(bar(done, Math.min(limit, count.waiting)));
  const wish = {
    reason,
    source,
    limit,
    redriver,
    go: values.go,
    progress,
    isInterrupted: () => isInterrupted,
  };
  const outcome = await redrive(queue, wish);
  show();

  if (json) process.stdout.write(`${JSON.stringify(forScripts(place, count, outcome, mode))}\n`);
  else tell(place, count, outcome, mode, (line) => void process.stdout.write(`${line}\n`));
  if (outcome.trouble || (values.go && outcome.stayed.size > 0)) process.exitCode = 1;
  if (isInterrupted) process.exitCode = 130;
}

await runCommand(() => withHint(main));
