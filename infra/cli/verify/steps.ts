import { UsageError } from '../../command.ts';
import { type Finding, finding, type Step } from '../report.ts';
import { athenaQuery } from './athena.ts';
import { type Caller, callerOf } from './caller.ts';
import { removeLeftovers } from './leftovers.ts';
import { CdkStacks, type MadeStacks } from './made-stacks.ts';
import { forged, stale, unsigned } from './refused.ts';
import { type DeployedRelay, readRelay } from './relay.ts';
import { schedules } from './schedule.ts';
import { signed } from './signed.ts';
import { type Surroundings, stepOf } from './step.ts';
import { type Queried, queryAll } from './streamed.ts';
import { refreshedTwice } from './token.ts';
import { streamOfTwin } from './twin.ts';

export interface Wishes {
  /** Name of the stack. */
  readonly stack: string;
  /** ARN or name of the role that calls; the credentials as they are unless given. */
  readonly role: string | undefined;
  /** The group whose token is replaced. */
  readonly group: string | undefined;
  /** Where the endpoints are, unless it is the Address of the stack. */
  readonly address: string | undefined;
  /** Whether something may be deployed to see a large stream. */
  readonly twin: boolean;
}

/** Each step as it is done. Throws what the signal is aborted with, once what was made is removed. */
export async function* verify(wishes: Wishes, surroundings: Surroundings): AsyncGenerator<Step, void> {
  let relay: DeployedRelay | undefined;
  yield await stepOf('stack', surroundings, async () => {
    const found = await readRelay(wishes.stack);
    relay = { ...found, ...(wishes.address !== undefined && { address: wishes.address }) };
    return tellOf(relay, wishes);
  });
  if (!relay) {
    for (const name of steps) yield { name, ...finding('skipped', 'there is no relay to look at') };
    return;
  }
  for await (const step of verifyRelay(relay, wishes, surroundings)) {
    yield step;
    surroundings.signal.throwIfAborted();
  }
}

const steps = [
  'caller',
  'unsigned',
  'forged',
  'stale',
  'signed',
  'token',
  'schedule',
  'athena',
  'query',
  'stream',
];

function tellOf({ name, state, region, address, groups }: DeployedRelay, { group }: Wishes): Finding {
  const ids = groups.map(({ groupid }) => groupid);
  const says = `${name} is ${state} in ${region}, with ${ids.length === 1 ? 'group' : 'groups'} ${ids.join(', ')}, at ${address}`;
  if (group !== undefined && !ids.some((id) => id === group))
    throw new UsageError(`stack ${name} has no group ${group}; its groups are ${ids.join(', ')}`);
  if (!state.includes('ROLLBACK')) return finding('ok', says);
  return finding('warn', says, 'its last deployment failed and was undone: what runs is what ran before');
}

async function* verifyRelay(
  relay: DeployedRelay,
  { role, group, twin }: Wishes,
  surroundings: Surroundings,
): AsyncGenerator<Step, void> {
  const step = (name: string, make: () => Promise<Finding>) => stepOf(name, surroundings, make);
  const stacks = twin ? new CdkStacks(relay.region) : undefined;
  const leftovers = await (stacks && removeLeftovers(stacks, relay.region, surroundings));
  if (leftovers) yield { name: 'leftovers', ...leftovers };
  let caller: Caller | undefined;
  yield await step('caller', async () => {
    caller = await callerOf(relay, role);
    return tellOfCaller(caller, relay);
  });
  const asCaller = (make: (caller: Caller) => Promise<Finding>) => () =>
    caller ? make(caller) : Promise.resolve(finding('skipped', 'there is nobody to call'));

  yield await step('unsigned', () => unsigned(relay, surroundings));
  yield await step(
    'forged',
    asCaller((it) => forged(relay, it, surroundings)),
  );
  yield await step(
    'stale',
    asCaller((it) => stale(relay, it, surroundings)),
  );
  yield await step(
    'signed',
    asCaller((it) => signed(relay, it, surroundings)),
  );
  yield await step('token', () => refreshedTwice(relay, group, surroundings));
  // Once a schedule has fired, there is something to query.
  yield await step('schedule', () => schedules(relay, surroundings));
  yield await step('athena', () => athenaQuery(relay, surroundings));

  let queried: Queried | undefined;
  yield await step(
    'query',
    asCaller(async (it) => {
      queried = await queryAll(relay, it, surroundings);
      return queried.found;
    }),
  );
  const large = queried?.large;
  if (large) yield { name: 'stream', ...large };
  else
    yield await step(
      'stream',
      asCaller((it) => stream(relay, it, stacks, surroundings)),
    );
}

function tellOfCaller({ role }: Caller, relay: DeployedRelay): Finding {
  if (role !== undefined) return finding('ok', `calls are made as ${role}`);
  const known = relay.role === undefined ? '' : `; ${relay.role} is one that may call`;
  return finding(
    'warn',
    'these credentials are of no IAM role, and a relay lets in nobody else',
    `--role names one that they may assume${known}`,
  );
}

async function stream(
  relay: DeployedRelay,
  { role, credentials }: Caller,
  stacks: MadeStacks | undefined,
  surroundings: Surroundings,
): Promise<Finding> {
  const missing = 'not checked: no group has over 10 MB of visitors, and';
  if (!stacks) return finding('warn', `${missing} --no-twin was given`);
  if (role !== undefined) return await streamOfTwin(relay, { role, credentials }, surroundings, { stacks });
  const hint = '--role names one that these credentials may assume';
  return finding('warn', `${missing} a twin lets in IAM roles alone`, hint);
}
