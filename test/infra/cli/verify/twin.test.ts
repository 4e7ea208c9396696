import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { AwsTrouble } from '../../../../infra/cli/aws.ts';
import type { MadeStacks } from '../../../../infra/cli/verify/made-stacks.ts';
import { streamOfTwin } from '../../../../infra/cli/verify/twin.ts';
import type { Order } from '../../../../infra/verification/order.ts';
import type { Clock } from '../../../../shared/runtime/clock.ts';
import { note, standIn } from '../credentials/stand-in.ts';
import { alone } from './aws-servers.ts';
import { caller, relayAt } from './called.ts';
import { iamGate } from './iam-gate.ts';

const crowd = JSON.stringify({
  visitors: Array.from({ length: 10_500 }, () => ({ text: 'x'.repeat(1_000) })),
});
const whole = (response: ServerResponse) => void response.end(crowd);

interface Options {
  readonly answer?: (response: ServerResponse) => void;
  readonly deploy?: (order: Order) => Promise<unknown>;
  readonly remove?: (name: string) => Promise<void>;
  readonly signal?: AbortSignal;
  /** Whether the twin gets a token. */
  readonly grants?: boolean;
}

/** A clock for those who do not want to wait for a minute and a half. */
function fast(times = 50): Clock {
  const begin = Date.now();
  return { now: () => begin + (Date.now() - begin) * times, sleep: (ms) => sleep(ms / times) };
}

/** A run, in which nothing is deployed in truth but what the twin is asked through. */
async function run({ answer = whole, deploy, remove, signal, grants = true }: Options = {}) {
  const twin = await standIn({ stage: 'verify' });
  if (grants) twin.grants();
  else twin.onMessage((vault) => vault.putNote(twin.place.token, note()));
  const address = await iamGate({
    behind: ({ url = '' }, response) =>
      url === '/query?groupid=1' ? answer(response) : response.writeHead(404).end(),
  });
  const orders: Order[] = [];
  const removed: string[] = [];
  const stacks: MadeStacks = {
    async deploy(_, order) {
      orders.push(order);
      await deploy?.(order);
      return { Url: 'https://stand-in.example/' };
    },
    async remove(name) {
      removed.push(name);
      await remove?.(name);
    },
    leftovers: () => Promise.resolve({ over: [], underWay: [] }),
  };
  const found = await streamOfTwin(relayAt('https://relay.example'), caller, alone(signal), {
    stacks,
    read: (name) => Promise.resolve(relayAt(address, { name })),
    place: () => twin.place,
    clock: fast(),
  });
  return { found, orders, removed: removed.toSorted(), stored: twin.stored() };
}

test('over 10 MB come whole through the twin, and all that was deployed is removed', async () => {
  const { found, orders, removed, stored } = await run();
  expect([found.verdict, found.says]).toEqual([
    'ok',
    expect.stringMatching(
      /^through a twin of this relay: \/query came whole: 10,\d{3},\d{3} bytes .*; all of it is removed again$/,
    ),
  ]);
  const [first, second] = orders;
  if (first?.kind !== 'stand-in' || second?.kind !== 'twin') throw new Error('another order');
  expect(second).toMatchObject({ presence: 'https://stand-in.example', role: caller.role });
  expect(second.stage).toMatch(/^verify-[0-9a-f]{6}$/);
  expect(removed).toEqual([`presence-relay-${second.stage}`, `presence-relay-${second.stage}-glance`]);
  // The password is where the twin reads it, and in no order.
  const { password } = JSON.parse(stored ?? '');
  expect(createHash('sha256').update(password).digest('hex')).toBe(first.passwordDigest);
  expect(JSON.stringify(orders)).not.toContain(password);
});

test('what is cut off, or too little, fails, and all is removed', async () => {
  for (const answer of [
    (response: ServerResponse) => void response.end(crowd.slice(0, -1)),
    (response: ServerResponse) => void response.end('[]'),
  ]) {
    const { found, removed } = await run({ answer });
    expect([found.verdict, removed.length]).toEqual(['fail', 2]);
  }
});

test('a twin that does not let its caller in at first, or is not there yet, is asked again', async () => {
  const answers = [
    (response: ServerResponse) => response.writeHead(403).end(),
    (response: ServerResponse) => response.destroy(),
    whole,
  ];
  const { found } = await run({ answer: (response) => answers.shift()?.(response) });
  expect(found).toMatchObject({ verdict: 'ok', says: expect.stringContaining('/query came whole') });
});

test.each([
  ['fails', (response: ServerResponse) => response.writeHead(502).end(), '/query is answered 502'],
  ['hangs up', (response: ServerResponse) => response.destroy(), 'the relay gave no answer (UND_ERR_SOCKET)'],
])('one that %s for good is told, and all is removed', async (_, refuse, says) => {
  const { found, removed } = await run({ answer: (response) => void refuse(response) });
  expect([found.verdict, found.says, removed.length]).toEqual([
    'fail',
    `through a twin of this relay: ${says}; all of it is removed again`,
    2,
  ]);
});

test('one that does not let its caller in has not shown how it streams', async () => {
  const answer = (response: ServerResponse) =>
    void response.writeHead(403).end('{"code":"forbidden-caller"}');
  const { found, removed } = await run({ answer });
  expect([found.verdict, found.says, removed.length]).toEqual([
    'warn',
    'not checked: a twin of this relay refused its caller: 403 forbidden-caller; all of it is removed again',
    2,
  ]);
});

test('one that gets no token is told with the reason, and not asked', async () => {
  const { found, removed } = await run({ grants: false });
  expect([found.verdict, found.says, removed.length]).toEqual([
    'fail',
    expect.stringMatching(
      /^the twin is deployed, and has no token: no new token \(.*all of it is removed again$/,
    ),
    2,
  ]);
});

test('a deployment that fails is told, and what was begun is removed', async () => {
  const deploy = ({ kind }: Order) =>
    kind === 'twin' ? Promise.reject(new AwsTrouble('cdk deploy failed: no', 'mend it')) : Promise.resolve();
  const { found, removed } = await run({ deploy });
  expect(found).toEqual({
    ...{ verdict: 'fail', hint: 'mend it' },
    says: 'cdk deploy failed: no; all of it is removed again',
  });
  expect(removed).toHaveLength(2);
});

test('where no stand-in can be deployed, nothing is said against the relay', async () => {
  const deploy = () => Promise.reject(new AwsTrouble('cdk deploy failed: no function URLs', 'elsewhere'));
  const { found, orders, removed } = await run({ deploy });
  expect(found).toEqual({
    ...{ verdict: 'warn', hint: 'elsewhere' },
    says: 'not checked: no stand-in for Glance is to be had: cdk deploy failed: no function URLs; all of it is removed again',
  });
  expect([orders.length, removed.length]).toEqual([1, 1]);
});

test('what cannot be removed fails, with the command to do it, and the other one is removed all the same', async () => {
  const remove = (name: string) =>
    name.endsWith('-glance')
      ? Promise.resolve()
      : Promise.reject(new AwsTrouble(`stack ${name} is there`, 'type this'));
  const { found, removed } = await run({ remove });
  expect([found.verdict, found.says, found.hint]).toEqual([
    'fail',
    expect.stringMatching(/came whole.*; not removed: stack presence-relay-verify-[0-9a-f]{6} is there$/),
    'type this',
  ]);
  expect(removed).toHaveLength(2);
});

test('an interruption of the removal tells how to go on by hand, and the removal goes on', async () => {
  const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const stop = new AbortController();
  const remove = () => Promise.resolve(stop.abort());
  const { removed } = await run({ signal: stop.signal, remove });
  const said = told.mock.calls.map(([text]) => String(text)).join('');
  vi.restoreAllMocks();
  expect(removed).toHaveLength(2);
  expect(said.match(/aws cloudformation delete-stack/g)).toHaveLength(2);
});

test('an interruption in the middle of a deployment removes what was begun, and tells how else to', async () => {
  const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const stop = new AbortController();
  const { found, removed } = await run({
    signal: stop.signal,
    deploy: () => {
      stop.abort();
      return Promise.reject(new AwsTrouble('cdk deploy failed: killed', ''));
    },
  });
  const said = told.mock.calls.map(([text]) => String(text)).join('');
  vi.restoreAllMocks();
  expect(found).toMatchObject({
    verdict: 'warn',
    says: 'not checked: interrupted; all of it is removed again',
  });
  expect(removed).toHaveLength(1);
  expect(said).toMatch(
    /aws cloudformation delete-stack --region eu-west-1 --stack-name presence-relay-verify-[0-9a-f]{6}-glance/,
  );
});
