import { printReady, readOptions, runCommand, untilInterrupted, wholeNumber } from '../../command.ts';
import { maxCrowd } from '../presence/control/schemas.ts';
import { type PresenceEmulator, startPresenceEmulator } from '../presence/emulator.ts';
import { switchesAtStart } from '../presence/switches.ts';
import { switchesOf } from './switches.ts';

const usage = `An emulator of the Glance Presence service, on 127.0.0.1. The Authorization service, which grants tokens to
agents who prove who they are, is there too, at the load balancer's port.

npm run emulator -- [options]

  --port <number>        of the load balancer, 4010 unless given; the named servers follow; 0: any free ports
  --servers <number>     how many named servers, 2 unless given
  --group <groupid>      a group to serve, 12345 unless given; may be repeated
  --visitors <number>    synthetic visitors who are present in each group
  --switch <name=value>  how the service behaves; may be repeated
  --json                 print one line of JSON, as is done when standard output is no terminal
  --help                 print this

Switches, and how they stand unless given (docs/emulator.md tells what they do):
${switchesAtStart()
  .map((line) => `  ${line}\n`)
  .join('')}`;

const options = {
  port: { type: 'string', default: '4010' },
  servers: { type: 'string', default: '2' },
  group: { type: 'string', multiple: true },
  visitors: { type: 'string', default: '0' },
  switch: { type: 'string', multiple: true },
  json: { type: 'boolean', default: !process.stdout.isTTY },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const given = readOptions(options);
  if (given.help) {
    process.stdout.write(usage);
    return;
  }
  const visitors = wholeNumber('visitors', given.visitors, 0, maxCrowd);
  const emulator = await startPresenceEmulator({
    port: wholeNumber('port', given.port, 0, 65_000),
    servers: wholeNumber('servers', given.servers, 1, 500),
    groups: (given.group ?? ['12345']).map((group) =>
      wholeNumber('group', group, 1, Number.MAX_SAFE_INTEGER),
    ),
    switches: switchesOf(given.switch ?? []),
  });
  for (const groupid of emulator.groups) emulator.crowd(visitors, groupid);
  print(emulator, given.json);
  await untilInterrupted();
  await emulator.close();
}

function print(emulator: PresenceEmulator, json: boolean): void {
  const { url, authorizeUrl, servers, groups } = emulator;
  const [groupid = 0] = groups;
  const [account] = emulator.accounts;
  const { token, expires } = emulator.issueToken({ groupid, minutes: 120 });
  const people = `The Presence emulator is up; Ctrl-C ends it.

  load balancer  ${url}
${servers.map((server) => `  ${server.name}         ${server.url}\n`).join('')}  authorization  ${authorizeUrl}
                 of ${account?.username}, whose password is ${account?.password}
  groups         ${groups.join(', ')}
  token          ${token}
                 for group ${groupid}, until ${expires}

Who is present:

  curl -H 'Authorization: Bearer ${token}' '${url}/query?groupid=${groupid}'

What happened so far:

  curl ${url}/emulator

`;
  printReady({ presence: url, authorize: authorizeUrl, servers, groups, token, expires }, people, json);
}

await runCommand(main);
