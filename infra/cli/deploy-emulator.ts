import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CdkError } from '../cdk.ts';
import { printReady, readOptions, runCommand, UsageError, untilInterrupted } from '../command.ts';
import { emulatedAccount } from '../emulated/account.ts';
import { assignments } from '../emulated/assignments.ts';
import { publicUrl } from '../emulated/config.ts';
import type { EmulatedRelay } from '../emulated/relay.ts';
import { stageName } from '../names.ts';
import { loadRelayConfig } from '../relay-config.ts';

const usage = `Deploys the relay to an AWS emulator, as "npm run deploy" does to AWS: the same stack by the same CDK.

npm run deploy:emulator -- [options]

AWS_ENDPOINT_URL is the address of the emulator: MiniStack, LocalStack, or whatever else speaks as AWS does. It is what
keeps this from AWS itself: without it nothing is done, and an address of AWS is refused. Credentials are "test", as
emulators take them, and none of yours is looked at, nor a profile; AWS_REGION is us-east-1 unless given. An emulator
with https has its certificate in a file that NODE_EXTRA_CA_CERTS names. ".ci/aws-emulator/run npm run deploy:emulator"
brings one of its own along, for as long as this runs.

What is deployed is relay.config.ts with an emulator in the place of Glance and, as in the local run, a source of
webhooks of each kind, snapshots of every group, and one caller who may do everything. It is "ephemeral", and has
neither "domain" nor "waf", which are of an account of yours. A stack that is there is updated. The keys of all sources
and the credentials of all groups are stored, and the first tokens are got.

  --presence <url>  a Presence emulator that is up ("npm run emulator"), at an address where functions reach it.
                    Without it, there is one on this machine, as long as this runs
  --exec <command>  run that when all is up, and end with its exit code; it finds in its environment RELAY_URL,
                    PRESENCE_URL, GROUP_ID, RELAY_STAGE, RELAY_CALLER (the role that calls are made as),
                    RELAY_PUBLIC_URL (what senders sign who sign an address), and what AWS programs need:
                    --exec "npm run test:deployed"
  --destroy         remove the stack, and what was made around it: the role that calls, which other stages have too
  --quiet           do not print what the CDK says, unless it fails
  --help            print this

RELAY_STAGE says which stage is deployed, prod unless given.

Without --exec it stays, for the Presence emulator, until Ctrl-C or SIGTERM; the stack stays after that. With
--presence it ends at once. When standard output is no terminal, it prints one line of JSON there as soon as all is up:
  {"relay":"https://…","presence":"http://…","groupid":12345,"stage":"prod","caller":"arn:aws:iam::…",
   "endpoint":"https://…"}
What the CDK says goes to standard error. (npm writes a banner of its own; "npm run --silent deploy:emulator" not.)

Exit code 0: deployed, or removed. 1: it could not be. 2: called wrongly. With --exec: that of the command.
`;

const options = {
  presence: { type: 'string' },
  exec: { type: 'string' },
  destroy: { type: 'boolean', default: false },
  quiet: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof readOptions<typeof options>>;

async function main(): Promise<void> {
  const values = readOptions(options);
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const { presence, exec } = values;
  if (values.destroy && (presence !== undefined || exec !== undefined))
    throw new UsageError('--destroy goes with neither --presence nor --exec');
  if (presence !== undefined && !URL.canParse(presence)) throw new UsageError('--presence is an address');
  try {
    await (values.destroy ? remove(values) : deployAndStay(values));
  } catch (error) {
    if (error instanceof CdkError && values.quiet) process.stderr.write(`${error.lines.join('\n')}\n`);
    throw error;
  }
}

function lineOf({ quiet }: Values): (text: string) => void {
  return quiet ? () => {} : (text) => process.stderr.write(`${text}\n`);
}

async function deployAndStay(values: Values): Promise<void> {
  const { presence, exec } = values;
  const [account, stage, config] = [await emulatedAccount(), stageName(), await loadRelayConfig()];
  // The CDK takes a second to load.
  const { bringUp } = await import('../emulated/relay.ts');
  const { ended, signal } = interruption();
  await using relay = await bringUp({ account, stage, config, presence, line: lineOf(values), signal });
  if (exec !== undefined) {
    process.exitCode = await run(exec, relay);
    return;
  }
  print(relay, presence !== undefined);
  if (presence === undefined) await ended;
  // Else nothing of this process is needed any more.
}

async function remove(values: Values): Promise<void> {
  const [account, stage, config] = [await emulatedAccount(), stageName(), await loadRelayConfig()];
  const { takeDown } = await import('../emulated/relay.ts');
  const { signal } = interruption();
  await takeDown({ account, stage, config, line: lineOf(values), signal });
}

/** Ctrl-C: what is under way is broken off, and what was made on this machine for it goes. */
function interruption(): { ended: Promise<void>; signal: AbortSignal } {
  const controller = new AbortController();
  const ended = untilInterrupted().then(() =>
    controller.abort(new Error('interrupted; what CloudFormation is at, it goes on with')),
  );
  return { ended, signal: controller.signal };
}

/** What a program finds in its environment that is to look at the relay. */
function environmentOf({ account, relay, presence, groupid, stage, caller }: EmulatedRelay) {
  return {
    ...account.environment,
    RELAY_URL: relay,
    PRESENCE_URL: presence,
    GROUP_ID: String(groupid),
    RELAY_STAGE: stage,
    RELAY_CALLER: caller,
    RELAY_PUBLIC_URL: publicUrl,
  };
}

async function run(command: string, relay: EmulatedRelay): Promise<number> {
  const environment = { ...process.env, ...environmentOf(relay) };
  const child = spawn(command, { shell: true, stdio: 'inherit', env: environment });
  const pass = (name: NodeJS.Signals) => child.kill(name);
  process.on('SIGINT', pass).on('SIGTERM', pass);
  const [code] = (await once(child, 'exit')) as [number | null];
  process.off('SIGINT', pass).off('SIGTERM', pass);
  return code ?? 1;
}

function print(relay: EmulatedRelay, isOver: boolean): void {
  const { account, presence, groupid, stage, caller } = relay;
  const stays = isOver ? '' : ' Ctrl-C ends its Presence emulator.';
  const people = `
  Presence Relay is deployed on the AWS emulator.${stays}

    relay      ${relay.relay}
    presence   ${presence}   the emulator that stands in for Glance
    caller     ${caller}

  Calls are signed, with credentials of that role. The acceptance suite makes some:

    ${[...assignments(environmentOf(relay)), 'npm run test:deployed'].join(' \\\n    ')}

`;
  const { endpoint } = account;
  printReady({ relay: relay.relay, presence, groupid, stage, caller, endpoint }, people);
}

await runCommand(main);
