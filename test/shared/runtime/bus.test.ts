import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { type BusEvent, EventBus } from '../../../shared/runtime/bus.ts';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import { type BusServer, startBusServer } from '../../support/bus.ts';
import { testClock } from '../../support/clock.ts';

let server: BusServer;
beforeEach(async () => {
  server = await startBusServer();
  onTestFinished(() => server[Symbol.asyncDispose]());
});

/** In whose time pauses take no time. */
const clock = testClock();
const ample = { remaining: () => 28_000 };
const busOf = ({ open }: BusServer) => new EventBus({ bus: 'presence-relay-test', open, clock });

function event(id: string, more: Readonly<Record<string, unknown>> = {}): BusEvent {
  return { type: 'Visitor Arrived', time: 1_700_000_000_500, detail: { id, ...more } };
}

function eventsUpTo(count: number): BusEvent[] {
  return Array.from({ length: count }, (_, at) => event(String(at)));
}

const idsOf = (entries: readonly { readonly Detail: string }[]) =>
  entries.map(({ Detail }) => JSON.parse(Detail).id as string); // as `event` makes them
const sorted = (ids: readonly string[]) => ids.toSorted((a, b) => Number(a) - Number(b));

test('an event stands on the bus with its type, its time and its detail', async () => {
  expect(await busOf(server).put([event('one', { visitorid: 'ada' })], ample)).toEqual({
    sent: 1,
    unsent: 0,
  });
  expect(server.taken).toEqual([
    {
      EventBusName: 'presence-relay-test',
      Source: 'presence-relay',
      DetailType: 'Visitor Arrived',
      Time: 1_700_000_000.5,
      Detail: '{"id":"one","visitorid":"ada"}',
    },
  ]);
});

test('no events make no call, and no client', async () => {
  const open = () => {
    throw new Error('nobody needs it');
  };
  expect(await new EventBus({ bus: 'b', open }).put([], ample)).toEqual({ sent: 0, unsent: 0 });
});

test('ten events go in a call', async () => {
  expect(await busOf(server).put(eventsUpTo(25), ample)).toEqual({ sent: 25, unsent: 0 });
  expect(server.calls.map((entries) => entries.length)).toEqual([10, 10, 5]);
});

test('of events that come one by one, no more than a call of them is held', async () => {
  let made = 0;
  async function* source() {
    for (; made < 95; made++) {
      await turn();
      expect(made - server.taken.length).toBeLessThanOrEqual(10);
      yield event(String(made));
    }
  }
  expect(await busOf(server).put(source(), ample)).toEqual({ sent: 95, unsent: 0 });
});

test('no call is larger than EventBridge takes, and what is too large by itself holds up nothing', async () => {
  // In UTF-8, each of them is three bytes.
  const large = event('large', { text: '€'.repeat(30_000) });
  const tooLarge = event('too large', { text: '€'.repeat(90_000) });
  const events = [tooLarge, large, large, large, tooLarge, event('small')];
  expect(await busOf(server).put(events, ample)).toEqual({ sent: 4, unsent: 2 });
  expect(server.calls.map(idsOf)).toEqual([
    ['large', 'large'],
    ['large', 'small'],
  ]);
});

test('of a call that failed in part, only that part is put again', async () => {
  server.errorOf = ({ Detail }, call) =>
    /"[37]"/.test(Detail) && call < 3 ? 'ThrottlingException' : undefined;
  expect(await busOf(server).put(eventsUpTo(10), ample)).toEqual({ sent: 10, unsent: 0 });
  expect(server.calls.map((entries) => idsOf(entries).length)).toEqual([10, 2, 2]);
  expect(idsOf(server.calls[2] ?? [])).toEqual(['3', '7']);
});

test('what the bus would refuse again is not put again', async () => {
  server.errorOf = ({ Detail }) => (/"3"/.test(Detail) ? 'MalformedDetail' : undefined);
  expect(await busOf(server).put(eventsUpTo(12), ample)).toEqual({ sent: 11, unsent: 1 });
  expect(server.calls).toHaveLength(2);
});

test('what fails every time is given up after a few tries, and the others go on', async () => {
  server.errorOf = ({ Detail }) => (/"3"/.test(Detail) ? 'InternalFailure' : undefined);
  expect(await busOf(server).put(eventsUpTo(12), ample)).toEqual({ sent: 11, unsent: 1 });
  expect(server.calls.filter((entries) => idsOf(entries).includes('3'))).toHaveLength(4);
});

test.each([
  { status: 400, error: 'ThrottlingException' },
  { status: 500, error: 'InternalException' },
  { status: 503, error: 'ServiceUnavailable' },
  'unreached',
] as const)('a call that fails as a whole, %o, is made again', async (fate) => {
  server.fateOf = (_, call) => (call < 3 ? fate : undefined);
  expect(await busOf(server).put(eventsUpTo(3), ample)).toEqual({ sent: 3, unsent: 0 });
  expect(server.taken).toHaveLength(3);
});

test('a call whose answer is lost is made again, with the same ids', async () => {
  server.fateOf = (_, call) => (call === 1 ? 'unanswered' : undefined);
  expect(await busOf(server).put(eventsUpTo(2), ample)).toEqual({ sent: 2, unsent: 0 });
  expect(sorted(idsOf(server.taken))).toEqual(['0', '0', '1', '1']);
});

test('one that makes its whole call invalid fails alone', async () => {
  server.fateOf = (entries) =>
    idsOf(entries).includes('4') ? { status: 400, error: 'ValidationException' } : undefined;
  expect(await busOf(server).put(eventsUpTo(15), ample)).toEqual({ sent: 14, unsent: 1 });
  expect(sorted(idsOf(server.taken))).toEqual(sorted(idsOf(server.taken)).filter((id) => id !== '4'));
  expect(new Set(idsOf(server.taken)).size).toBe(14);
});

test('a bus that refuses is asked once, however many events there are', async () => {
  server.fateOf = () => ({ status: 400, error: 'AccessDeniedException' });
  expect(await busOf(server).put(eventsUpTo(50), ample)).toEqual({ sent: 0, unsent: 50 });
  expect(server.calls).toHaveLength(1);
});

test('a bus that is down is given up after a few tries, however many events there are', async () => {
  server.fateOf = () => 'unreached';
  expect(await busOf(server).put(eventsUpTo(50), ample)).toEqual({ sent: 0, unsent: 50 });
  expect(server.calls).toHaveLength(4);
});

test('nobody waits longer for a bus that does not answer than the deadline says', async () => {
  server.fateOf = () => 'silent';
  const began = performance.now();
  expect(await busOf(server).put(eventsUpTo(50), deadlineIn(300))).toEqual({ sent: 0, unsent: 50 });
  const took = performance.now() - began;
  expect(took).toBeGreaterThan(250);
  expect(took).toBeLessThan(1_500);
});

test('nobody pauses when the deadline would be over after that', async () => {
  const time = testClock();
  server.fateOf = () => {
    time.time += 1_000;
    return 'unreached';
  };
  const bus = new EventBus({ bus: 'b', open: server.open, clock: time });
  expect(await bus.put(eventsUpTo(3), deadlineIn(1_001, time))).toEqual({ sent: 0, unsent: 3 });
  expect(time.sleeps.every((ms) => ms < 1)).toBe(true);
});

test('a bus that begins to refuse, while events are put one by one, is not asked for the others', async () => {
  server.fateOf = (_, call) => ({
    status: 400,
    error: call === 1 ? 'ValidationException' : 'AccessDeniedException',
  });
  expect(await busOf(server).put(eventsUpTo(30), ample)).toEqual({ sent: 0, unsent: 30 });
  expect(server.calls).toHaveLength(2);
});

test('after the deadline nothing is put', async () => {
  expect(await busOf(server).put(eventsUpTo(3), deadlineIn(0))).toEqual({ sent: 0, unsent: 3 });
  expect(server.calls).toEqual([]);
});

test('a client that cannot be made is a bus that is down', async () => {
  const open = () => Promise.reject(new Error('no module'));
  const bus = new EventBus({ bus: 'b', open, clock });
  expect(await bus.put(eventsUpTo(3), ample)).toEqual({ sent: 0, unsent: 3 });
});

test('where the events themselves end in an error, that is told', async () => {
  async function* source() {
    yield await event('1');
    throw new Error('no more');
  }
  await expect(busOf(server).put(source(), ample)).rejects.toThrow('no more');
});

test('however some of them fail for a while, every event is put exactly once', async () => {
  const sizes = fc.array(fc.oneof(fc.nat(200), fc.constant(60_000), fc.constant(120_000)), { maxLength: 45 });
  // Of the tries of each event, the ones that fail: never all four.
  const failing = fc.infiniteStream(fc.boolean());
  await fc.assert(
    fc.asyncProperty(sizes, failing, async (lengths, fails) => {
      server.taken.length = 0;
      const tries = new Map<string, number>();
      server.errorOf = ({ Detail }) => {
        const { id } = JSON.parse(Detail);
        const before = tries.get(id) ?? 0;
        tries.set(id, before + 1);
        return before < 3 && fails.next().value ? 'InternalFailure' : undefined;
      };
      const events = lengths.map((length, at) => event(String(at), { text: 'x'.repeat(length) }));
      expect(await busOf(server).put(events, ample)).toEqual({ sent: events.length, unsent: 0 });
      expect(sorted(idsOf(server.taken))).toEqual(events.map(({ detail }) => detail.id));
      const bytes = server.calls.map((entries) => JSON.stringify(entries).length);
      expect(Math.max(0, ...bytes)).toBeLessThan(256_000);
    }),
    { numRuns: 40 },
  );
});
