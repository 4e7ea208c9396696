import { readArguments, runCommand, UsageError, wholeNumber } from '../../infra/command.ts';
import { RelayUnderTest } from '../support/relay.ts';
import { soakTokens } from './tokens.ts';

const usage = `Long runs of the whole relay on this machine: how many calls there were, how long they took, and the first that failed.

npm run soak -- tokens [options]

  tokens   calls the relay while its tokens end, and are replaced, every minute; no call may fail

  --minutes <number>        how long, 5 unless given
  --token-seconds <number>  how long a token lives, 60 unless given
  --callers <number>        so many call at the same time, 10 times a second each; 20 unless given
  --revoke <seconds>        Glance takes all tokens back so often; never unless given
  --help                    print this

With RELAY_URL and PRESENCE_URL, it calls the run at those addresses, which "npm start -- --switch tokenSeconds=60" has
brought up, instead of one of its own.

Exit code 0: no call failed. 1: one did. 2: called wrongly.
`;

const options = {
  minutes: { type: 'string', default: '5' },
  'token-seconds': { type: 'string' },
  callers: { type: 'string', default: '20' },
  revoke: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = readArguments(options);
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  if (positionals.join() !== 'tokens') throw new UsageError('which run? "tokens" is the one there is');
  if (process.env.RELAY_URL !== undefined && values['token-seconds'] !== undefined)
    throw new UsageError('--token-seconds is for a run of its own; RELAY_URL names another');
  const tokenSeconds = wholeNumber('token-seconds', values['token-seconds'] ?? '60', 3, 7_200);
  await using relay = await RelayUnderTest.open([`tokenSeconds=${tokenSeconds}`]);
  const ok = await soakTokens(relay, {
    seconds: 60 * wholeNumber('minutes', values.minutes, 1, 1_440),
    callers: wholeNumber('callers', values.callers, 1, 200),
    revokeSeconds: values.revoke === undefined ? undefined : wholeNumber('revoke', values.revoke, 1, 3_600),
    print: (line) => process.stdout.write(`${line}\n`),
  });
  if (!ok) process.exitCode = 1;
}

await runCommand(main);
