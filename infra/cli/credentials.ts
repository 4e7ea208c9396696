import { text } from 'node:stream/consumers';
import { type ConfiguredGroup, isRenewed } from '../../shared/api/config/groups.ts';
import {
  type Credentials,
  CredentialsFault,
  readCredentials,
} from '../../shared/authorization/credentials.ts';
import { groupId } from '../../shared/presence/ids.ts';
import { readArguments, runCommand, UsageError, wholeNumber } from '../command.ts';
import { portCount } from '../local/ports.ts';
import { loadRelayConfig } from '../relay-config.ts';
import { askCredentials } from './credentials/dialogue.ts';
import { awsPlace, localPlace, type Place } from './credentials/place.ts';
import { LeftOff, Questions } from './credentials/questions.ts';
import { conclude, renew } from './credentials/renew.ts';
import { oneOf } from './groups.ts';
import { report } from './report.ts';

const usage = `Stores the Glance credentials of a group where the relay finds them, has it get a token for them at once, and says
what came of it.

npm run credentials -- <group> [options]

<group> is one of relay.config.ts; it may be left out where there is but one whose tokens the relay gets. At a terminal,
it asks for the credentials; what is secret is not shown. Elsewhere, it reads them from standard input, as the JSON that
the credentials secret holds: npm run credentials -- 12345 < credentials.json

  {"username": "…", "password": "…"}
  {"username": "…", "apikey": "…"}            with "partnerid" where it is not the group id
  {"partneruserid": "…", "apikey": "…"}       likewise; it may stand beside "username" too
  {"username": "…", "g4scredentials": "…"}    of Glance for Salesforce, 32 characters

Never give them as arguments, which other programs of this machine can see.

  --again          store nothing, read nothing: get a new token for the credentials that are there
  --local          those of the local run that "npm start" has brought up in another terminal
  --port <number>  with --local: the --port that "npm start" was given, 4700 unless given
  --json           print one line of JSON: {"groupid","ok","says","steps":[{"name","verdict","says","hint"}]}
                   (npm writes a banner of its own; "npm run --silent credentials" does not)
  --help           print this

RELAY_STAGE says which stage of the relay is meant, prod unless given. It has to be deployed. Your AWS credentials and
region are found as every AWS program finds them (AWS_PROFILE, AWS_REGION …). They need:

  secretsmanager:PutSecretValue        on presence-relay/<stage>/<group>/credentials, which holds the credentials
  sqs:GetQueueUrl, sqs:SendMessage     on presence-relay-<stage>-refresh.fifo, where a token is asked for
  secretsmanager:GetSecretValue        on presence-relay/<stage>/<group>/token, where the relay puts it

Where relay.config.ts names secrets of your own, it is those; if keys of your own encrypt them, kms:GenerateDataKey and
kms:Decrypt on the one of the credentials, and kms:Decrypt on the one of the token.

The relay tries a new token on the Presence service before it uses it; until then, and where that fails, the one before
stays. It takes a few seconds, and 90 at most. No credentials and no token are printed.

Exit code 0: a new token is in use. 1: it is not, or relay.config.ts has a mistake. 2: called wrongly, or what was given
cannot be credentials; nothing was stored. 130: left off by Ctrl-C; nothing was stored.
`;

const options = {
  again: { type: 'boolean', default: false },
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
  const [id, group] = renewedOne(Object.entries(groups), positionals, values.local);
  const groupid = groupId.parse(id);
  if (!values.local && values.port !== undefined) throw new UsageError('--port goes with --local');
  const place = values.local
    ? localPlace(groupid, wholeNumber('port', values.port ?? '4700', 1, 65_536 - portCount))
    : awsPlace(groupid, group);
  const credentials = values.again ? undefined : await given(groupid, place);
  const waiting = process.stdout.isTTY && !values.json ? tellSeconds : () => {};
  const steps = renew({ groupid, credentials, place }, { waiting });
  const ok = await report({ groupid }, steps, conclude, values.json);
  if (!ok) process.exitCode = 1;
}

/** One whose tokens the relay gets: a local run gets those of all groups. */
function renewedOne(
  groups: readonly [string, ConfiguredGroup][],
  positionals: readonly string[],
  local: boolean,
): [string, ConfiguredGroup] {
  const renewed = groups.filter(([, group]) => local || isRenewed(group));
  const eligible = positionals.length === 0 && renewed.length > 0 ? renewed : groups;
  const found = oneOf(eligible, positionals, 'credentials are read from standard input');
  if (renewed.includes(found)) return found;
  throw new UsageError(
    `the tokens of group ${found[0]} come from outside: relay.config.ts names a "secret" for them and no "credentials"; put them there as before, or name a secret for its "credentials" too and deploy, then the relay gets them`,
  );
}

async function given(groupid: string, place: Place): Promise<Credentials> {
  if (!process.stdin.isTTY) return fromJson(await text(process.stdin));
  // Not among what is printed for scripts.
  using questions = new Questions(process.stdin, process.stderr);
  return await askCredentials(questions, { groupid, secret: place.credentials });
}

function fromJson(json: string): Credentials {
  if (json.trim() === '')
    throw new UsageError(
      'standard input is empty: give the credentials there, as JSON, or call this at a terminal, where it asks for them; --help tells more',
    );
  try {
    return readCredentials(json);
  } catch (error) {
    if (!(error instanceof CredentialsFault)) throw error;
    throw new UsageError(`standard input ${error.message}; nothing was stored; --help tells the forms`);
  }
}

/** On a line of its own, which the next one replaces. */
function tellSeconds(seconds?: number): void {
  process.stdout.write(
    seconds === undefined ? '\r\x1b[K' : `\r      ${'token'.padEnd(16)}waiting … ${seconds} s`,
  );
}

async function orLeftOff(): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof LeftOff)) throw error;
    process.stderr.write('\nNothing was stored.\n');
    process.exitCode = 130;
  }
}

await runCommand(orLeftOff);
