import { text } from 'node:stream/consumers';
import { serverRules } from '../../shared/presence/address.ts';
import { groupId, type VisitorId, visitorId } from '../../shared/presence/ids.ts';
import { readArguments, runCommand, UsageError, wholeNumber } from '../command.ts';
import { portCount } from '../local/ports.ts';
import { loadRelayConfig } from '../relay-config.ts';
import { oneOf } from './groups.ts';
import { conclude } from './probe/conclude.ts';
import { probe } from './probe/probe.ts';
import { awsSource, localSource } from './probe/source.ts';
import type { TokenText } from './probe/token.ts';
import { report } from './report.ts';

const usage = `Puts a few questions to the Presence service of a group, and says whether the relay understands the answers.

npm run probe -- <group> [options]

<group> is one of relay.config.ts; it may be left out where there is but one. The token comes from the group's secret
in AWS Secrets Manager, with your AWS credentials and region as every AWS program finds them (AWS_PROFILE, AWS_REGION …).

  --visitor <id>   somebody who is present now: open a page of the site, and give its visitor's id. Without it, one of
                   those whom /query shows is looked at
  --token-stdin    read the token, or the text of a token secret, from standard input; needs no AWS:
                   npm run probe -- 12345 --token-stdin < token.txt
  --local          ask the local run that "npm start" has brought up in another terminal
  --port <number>  with --local: the --port that "npm start" was given, 4700 unless given
  --json           print one line of JSON: {"groupid","ok","says","steps":[{"name","verdict","says","hint"}]}
                   (npm writes a banner of its own; "npm run --silent probe" does not)
  --help           print this

RELAY_STAGE says which stage's secret is meant, prod unless given.

It changes nothing: it looks up and finds a visitor who cannot exist, reads the beginning of /query, and looks up and
finds one visitor who is present. It sends no signal, and to direct servers nothing at all. It prints no token, no
visitor id, and nothing of a visitor's data but the names of its keys. It takes 30 seconds at most.

Exit code 0: no step failed. 1: one did, or relay.config.ts has a mistake. 2: called wrongly.
`;

const options = {
  visitor: { type: 'string' },
  'token-stdin': { type: 'boolean', default: false },
  local: { type: 'boolean', default: false },
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
  const { groups } = await loadRelayConfig();
  const [id, group] = oneOf(Object.entries(groups), positionals, 'a token is read by --token-stdin');
  const groupid = groupId.parse(id);
  if (!values.local && values.port !== undefined) throw new UsageError('--port goes with --local');
  const source = values.local
    ? localSource(groupid, wholeNumber('port', values.port ?? '4700', 1, 65_536 - portCount))
    : awsSource(groupid, group);
  const input = {
    groupid,
    rules: serverRules({ ...group, ...(source.presence && { presence: source.presence }) }),
    strict: group.visitorids === 'strict',
    visitor: values.visitor === undefined ? undefined : readVisitor(values.visitor),
  };
  const token = values['token-stdin'] ? standardInput : source.token;
  const ok = await report({ groupid }, probe(input, { token }), conclude, values.json);
  if (!ok) process.exitCode = 1;
}

function readVisitor(id: string): VisitorId {
  const { data } = visitorId.safeParse(id);
  if (data) return data;
  throw new UsageError('--visitor is 1 to 100 characters of A-Z, a-z, 0-9, ".", "_", "~", "-"');
}

const standardInput: TokenText = {
  called: 'standard input',
  put: 'give it a fresh token: the raw JWT, or {"token": "<JWT>", "expires": "<ISO 8601>"}',
  read: () => text(process.stdin),
};

await runCommand(main);
