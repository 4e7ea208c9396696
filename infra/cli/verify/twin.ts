import { createHash, randomBytes } from 'node:crypto';
import { groupId } from '../../../shared/presence/ids.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { stackName } from '../../names.ts';
import { madeUpGroup, type Order } from '../../verification/order.ts';
import { tokenEnd } from '../../verification/token-end.ts';
import { AwsTrouble } from '../aws.ts';
import type { Place } from '../credentials/place.ts';
import { renew } from '../credentials/renew.ts';
import { type Finding, finding } from '../report.ts';
import { signedFetch } from '../signed-fetch.ts';
import { CallTrouble } from './call.ts';
import type { Caller } from './caller.ts';
import { type Counted, countQuery } from './count.ts';
import { type MadeStacks, removal } from './made-stacks.ts';
import { type DeployedRelay, readRelay } from './relay.ts';
import { type Surroundings, wakeful } from './step.ts';
import { judgeStream } from './streamed.ts';
import { placeOf } from './token.ts';

export interface TwinDeps {
  readonly stacks: MadeStacks;
  /** What is known of the twin, once it is deployed. */
  readonly read?: (name: string) => Promise<DeployedRelay>;
  readonly place?: (relay: DeployedRelay) => Place;
  readonly clock?: Clock;
}

/**
 * Deploys this very relay once more, under a name of its own and with a stand-in for Glance that has many visitors; asks
 * it who is there, and removes both again, whatever came of it.
 */
export async function streamOfTwin(
  relay: Pick<DeployedRelay, 'region'>,
  caller: Caller & { readonly role: string },
  surroundings: Surroundings,
  { stacks, read = readRelay, place = twinPlace, clock = wakeful(surroundings) }: TwinDeps,
): Promise<Finding> {
  const { signal, tell } = surroundings;
  const stage = `verify-${randomBytes(3).toString('hex')}`;
  const twin = stackName(stage);
  const standIn = `${twin}-glance`;
  const begun: string[] = [];
  const deploy = (name: string, order: Order) => {
    begun.push(name);
    return stacks.deploy(name, order, surroundings);
  };
  const told = () => void process.stderr.write(`\n${interrupted(begun, relay.region)}\n`);
  signal.addEventListener('abort', told, { once: true });
  let found: Finding;
  try {
    const password = randomBytes(24).toString('base64url');
    const passwordDigest = digest(password);
    const tokenDigest = digest(tokenEnd(password));
    const made = await deploy(standIn, { kind: 'stand-in', stack: standIn, passwordDigest, tokenDigest });
    const presence = (made.Url ?? '').replace(/\/$/, '');
    await deploy(twin, { kind: 'twin', stage, presence, role: caller.role });
    const there = await read(twin);
    found =
      (await fill(place(there), password, surroundings, clock)) ??
      judgeTwin(await count(there, caller, surroundings, clock));
  } catch (error) {
    found = whatHappened(error, signal, begun.length === 1);
  }
  try {
    return await removed(found, begun.toReversed(), stacks, tell);
  } finally {
    signal.removeEventListener('abort', told);
  }
}

function twinPlace(relay: DeployedRelay): Place {
  const [group] = relay.groups;
  if (!group) throw new AwsTrouble(`stack ${relay.name} has no group`, 'run it again');
  return placeOf(relay, group);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Stores the password, and has the twin get a token for it. What is in the way, if anything. */
async function fill(
  place: Place,
  password: string,
  { tell }: Surroundings,
  clock: Clock,
): Promise<Finding | undefined> {
  const credentials = { username: 'presence-relay-verify', password };
  const waiting = (seconds?: number) =>
    tell(seconds === undefined ? undefined : `a token for the twin: ${seconds} s`);
  const groupid = groupId.parse(madeUpGroup);
  for await (const { verdict, says } of renew({ groupid, credentials, place }, { waiting, clock })) {
    if (verdict === 'fail')
      return finding('fail', `the twin is deployed, and has no token: ${says}`, unfilled);
  }
  return undefined;
}

const unfilled =
  'run it again. If it fails again: may functions of this account reach function URLs, and the internet at all?';

/** An API that has just been made does not know its callers yet everywhere. */
const settlesMs = 90_000;
const pauseMs = 5_000;

async function count(
  twin: DeployedRelay,
  { credentials }: Caller,
  surroundings: Surroundings,
  clock: Clock,
): Promise<Counted> {
  const fetching = signedFetch({ credentials, region: twin.region, service: 'execute-api' });
  const until = clock.now() + settlesMs;
  for (;;) {
    const isLast = clock.now() > until;
    const counted = await countQuery(fetching, `${twin.address}/query?groupid=${madeUpGroup}`, surroundings)
      // Its name may not be known yet either.
      .catch((error: unknown) => {
        if (error instanceof CallTrouble && !isLast) return { status: undefined, words: error.message };
        throw error;
      });
    if (counted.status === 200 || (counted.status !== undefined && isLast)) return counted;
    surroundings.tell(`asking the twin again: ${counted.words}`);
    await clock.sleep(pauseMs);
  }
}

function judgeTwin(counted: Counted): Finding {
  // Whoever is not let in has seen nothing of a stream.
  if (counted.status === 403)
    return finding(
      'warn',
      `not checked: a twin of this relay refused its caller: ${counted.words}`,
      notLetIn,
    );
  const { verdict, says, hint } = judgeStream(counted);
  if (verdict === 'ok') return finding('ok', `through a twin of this relay: ${says}`);
  const more = 'its stand-in has over 12 MB of visitors who are made up';
  return finding('fail', `through a twin of this relay: ${says}`, hint ?? more);
}

const notLetIn =
  'a role of another account needs a policy of its own that allows execute-api:Invoke on any API of this one; else, does a boundary or an organization forbid it?';

function whatHappened(error: unknown, signal: AbortSignal, isOfStandIn: boolean): Finding {
  if (signal.aborted) return finding('warn', 'not checked: interrupted');
  // It is none of the relay, and not every region or account has what it needs.
  if (error instanceof AwsTrouble && isOfStandIn)
    return finding('warn', `not checked: no stand-in for Glance is to be had: ${error.message}`, error.hint);
  if (error instanceof AwsTrouble) return finding('fail', error.message, error.hint);
  if (error instanceof CallTrouble) return finding('fail', `through a twin of this relay: ${error.message}`);
  return finding(
    'fail',
    `the twin could not be asked (${error instanceof Error ? error.name : 'unknown error'})`,
  );
}

function interrupted(begun: readonly string[], region: string): string {
  const commands = begun.map((name) => removal(name, region)).join('\n');
  return `Interrupted: what was deployed is being removed, which takes some minutes. Should it stay, as it may after another\nCtrl-C, remove it by:\n${commands}`;
}

/** All of them, whatever happens to one. */
async function removed(
  found: Finding,
  begun: readonly string[],
  stacks: MadeStacks,
  tell: Surroundings['tell'],
): Promise<Finding> {
  const outcomes = await Promise.allSettled(begun.map((name) => stacks.remove(name, tell)));
  const left = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  );
  if (left.length === 0)
    return begun.length === 0
      ? found
      : finding(found.verdict, `${found.says}; all of it is removed again`, found.hint);
  const says = left.map((error) => (error instanceof Error ? error.message : String(error))).join('; ');
  const hint = left.map((error) => (error instanceof AwsTrouble ? error.hint : '')).join('; ');
  return finding('fail', `${found.says}; not removed: ${says}`, hint);
}
