import { printReady, readOptions, runCommand, untilInterrupted, wholeNumber } from '../../command.ts';
import { loadRelayConfig } from '../../relay-config.ts';
import { mostInstances } from '../lambda/scaling.ts';
import { portCount } from '../ports.ts';
import { type LocalStack, startLocalStack } from '../stack.ts';
import { switchesOf } from './switches.ts';

const usualPort = '4700';

const usage = `The whole relay on this machine, with an emulator in the place of Glance. Needs no account and no network.

npm start -- [options]

It relays the groups of relay.config.ts and takes webhooks for its sources; besides, it has a source of every kind that
there is, for the first of the groups: "npm run webhook -- --list --local" tells them.

Each minute it takes a snapshot of who is there, of each group that has no other schedule in relay.config.ts:
"npm run history" shows them. What it puts on the bus of the relay, it prints.

  --port <number>  of the relay, ${usualPort} unless given; 0: any free ports. The next ones follow: the Presence emulator's
                   load balancer (4701) and its two named servers, the demo site (4704), Secrets Manager (4705),
                   SQS (4706), DynamoDB (4707), EventBridge (4708), S3 (4709), Lambda (4710)
  --switch <name=value>
                   how the Presence emulator behaves, such as tokenSeconds=60: tokens that live one minute; may be
                   repeated; "npm run emulator -- --help" lists all
  --help           print this

It listens on 127.0.0.1 only. Each function runs up to ${mostInstances} calls at the same time; more of them wait.
Ctrl-C, or SIGTERM, ends it: exit code 0 (but on Ctrl-C npm itself ends by the signal). It could not start: 1. Wrong
option: 2.
When standard output is no terminal, it prints one line of JSON there as soon as it is ready:
  {"relay":"http://…","presence":"http://…","site":"http://…","secrets":"http://…","queues":"http://…",
   "table":"http://…","events":"http://…","bucket":"http://…","functions":"http://…","groupid":12345}
What the functions log goes to standard error. (npm writes a banner of its own; "npm start --silent" does not.)
`;

const options = {
  port: { type: 'string', default: usualPort },
  switch: { type: 'string', multiple: true },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const given = readOptions(options);
  if (given.help) {
    process.stdout.write(usage);
    return;
  }
  const port = wholeNumber('port', given.port, 0, 65_536 - portCount);
  const stack = await startLocalStack({
    config: await loadRelayConfig(),
    samples: true,
    port,
    switches: switchesOf(given.switch ?? []),
  });
  const ended = Promise.race([untilInterrupted(), untilOrphaned()]);
  print(stack, given.port);
  await ended;
  await stack.close();
}

/**
 * `npm start` that is told to end passes that on to its shell, and the shell ends without telling anybody. All that
 * is seen of it here is another parent.
 */
function untilOrphaned(): Promise<void> {
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event === undefined) return new Promise(() => {});
  return new Promise((resolve) => {
    setInterval(() => process.ppid !== parent && resolve(), 200).unref();
  });
}

function print(stack: LocalStack, port: string): void {
  const { relay, presence, site, secrets, queues, table, events, bucket, functions, groupids } = stack;
  const [groupid = 0] = groupids;
  const visitor = `groupid=${groupid}&visitorid=ada`;
  const commands = commandsFor(port);
  const people = `
  Presence Relay is up. Ctrl-C ends it.

    relay      ${relay}
    presence   ${presence}   the emulator that stands in for Glance
    secrets    ${secrets}   Secrets Manager
    queues     ${queues}   SQS
    table      ${table}   DynamoDB
    events     ${events}   EventBridge
    bucket     ${bucket}   S3
    functions  ${functions}   Lambda
    demo site  ${site}/?visitorid=ada

  Open the demo site: your browser becomes visitor ada of group ${groupid}. Then, in another terminal,

  send her a signal:

    ${signalCommand(relay, visitor, { mtype: 'signal', data: { text: 'Hello Ada' } })}

${commands.webhook}  call a function in her browser:

    ${signalCommand(relay, visitor, { mtype: 'invoke', data: { func: 'GLANCE.Cobrowse.Visitor.showTerms' } })}

  see what is known of her, and who else is there:

    curl '${relay}/lookupvisitor?${visitor}'
    curl '${relay}/query?groupid=${groupid}'

${commands.history}`;
  const addresses = { relay, presence, site, secrets, queues, table, events, bucket, functions };
  printReady({ ...addresses, groupid }, people);
}

/** They find their way by the port, which nobody knows who has asked for any. */
function commandsFor(port: string) {
  if (port === '0') return { webhook: '', history: '' };
  const npm = (command: string, given = '') => {
    const options = [given, ...(port === usualPort ? [] : [`--port ${port}`])].filter(Boolean).join(' ');
    return `    npm run ${command}${options && ` -- ${options}`}\n`;
  };
  return {
    webhook: `  have HubSpot send a webhook about her:\n\n${npm('webhook', 'hubspot')}\n`,
    history: `  take a snapshot of who is there, as the run does each minute, and see the history:\n\n${npm('snapshot')}${npm('history')}\n`,
  };
}

function signalCommand(relay: string, visitor: string, message: object): string {
  const body = JSON.stringify(message);
  return `curl '${relay}/signalvisitor?${visitor}' -H 'content-type: application/json' \\\n      -d '${body}'`;
}

await runCommand(main);
