import { readArguments, runCommand, UsageError, wholeNumber } from '../../infra/command.ts';
import { RelayUnderTest } from '../support/relay.ts';
import { soakKills } from './kills.ts';
import { soakTokens } from './tokens.ts';

const usage = `Long runs of the whole relay on this machine: what became of all calls, and the first that went wrong.

npm run soak -- tokens [options]
npm run soak -- kills [--signals <number>]

  tokens   calls the relay while its tokens end, and are replaced, every minute; no call may fail
  kills    delivers signals while the Presence service fails and workers are ended in the middle of their work; none
           may come twice, and what became of each has to be known

  --signals <number>        how many are delivered, 10000 unless given

  --minutes <number>        how long, 5 unless given
  --token-seconds <number>  how long a token lives, 60 unless given
  --callers <number>        so many call at the same time, 10 times a second each; 20 unless given
  --revoke <seconds>        Glance takes all tokens back so often; never unless given
  --help                    print this

With RELAY_URL and PRESENCE_URL, it calls the run at those addresses, which "npm start -- --switch tokenSeconds=60" has
brought up, instead of one of its own.

Exit code 0: all went well. 1: a call failed, or a signal came twice or was lost. 2: called wrongly.
`;

const options = {
  minutes: { type: 'string', default: '5' },
  'token-seconds': { type: 'string' },
  callers: { type: 'string', default: '20' },
  revoke: { type: 'string' },
  signals: { type: 'string', default: '10000' },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = readArguments(options);
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const run = positionals.join();
  if (run === 'kills') return await kills(wholeNumber('signals', values.signals, 1, 100_000));
  if (run !== 'tokens') throw new UsageError('which run? "tokens" or "kills"');
  if (process.env.RELAY_URL !== undefined && values['token-seconds'] !== undefined)
    throw new UsageError('--token-seconds is for a run of its own; RELAY_URL names another');
  const tokenSeconds = wholeNumber('token-seconds', values['token-seconds'] ?? '60', 3, 7_200);
  await using relay = await (process.env.RELAY_URL === undefined
    ? RelayUnderTest.start([`tokenSeconds=${tokenSeconds}`])
    : RelayUnderTest.open());
  const ok = await soakTokens(relay, {
    seconds: 60 * wholeNumber('minutes', values.minutes, 1, 1_440),
    callers: wholeNumber('callers', values.callers, 1, 200),
    revokeSeconds: values.revoke === undefined ? undefined : wholeNumber('revoke', values.revoke, 1, 3_600),
    print,
  });
  if (!ok) process.exitCode = 1;
}

/** As the function runs on AWS; a hundred signals a second are what the engines on this machine are good for. */
async function kills(signals: number): Promise<void> {
  const pace = { spanSeconds: Math.max(5, signals / 100), laterSeconds: 40, killMs: 500 };
  const { wrong } = await soakKills({ signals, ...pace, workers: 10, patienceSeconds: 900, print });
  if (wrong.length > 0) process.exitCode = 1;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runCommand(main);
