import { describe, expect, test } from 'vitest';
import { AwsTrouble } from '../../../../infra/cli/aws.ts';
import { DeadLetterQueue } from '../../../../infra/cli/redrive/dead-letters.ts';
import { redrive, type Wish } from '../../../../infra/cli/redrive/redrive.ts';
import { Redriver } from '../../../../infra/cli/redrive/redriver.ts';
import type { SignalPlace } from '../../../../infra/cli/signals/place.ts';
import { defineRelay } from '../../../../shared/api/config/relay.ts';
import { type DeadReason, writeParked } from '../../../../shared/signals/dead-letter.ts';
import { writeMessage } from '../../../../shared/signals/queue-message.ts';
import type { Signal } from '../../../../shared/signals/signal.ts';
import type { BodyEvent } from '../../../../shared/webhooks/body/generic-body.ts';
import { headerSecret } from '../../../../shared/webhooks/header-secret.ts';
import { salesforceEventRelay } from '../../../../shared/webhooks/salesforce-event-relay.ts';
import type { Drafts } from '../../../../shared/webhooks/source.ts';
import { sampleVisitor, signal, standIn } from '../signals/stand-in.ts';

type Relay = Awaited<ReturnType<typeof standIn>>;
type Mapping = (event: BodyEvent) => Drafts;

const mended: Mapping = ({ body }) => ({
  visitorid: String(body.visitor),
  message: { mtype: 'signal', data: 1 },
});

/** What has become of the dead letters, as far as it can be compared. */
async function outcomeOf(
  relay: Relay,
  wish: Partial<Wish> = {},
  mapping = mended,
  place: Partial<SignalPlace> = {},
) {
  const there = { ...relay.place, ...place };
  const config = defineRelay({ groups: { 12345: {} } });
  const crm = headerSecret({ group: 12345, header: 'x-key', signal: mapping });
  const queue = await DeadLetterQueue.open(there);
  const relayed = salesforceEventRelay({
    group: 12345,
    eventSource,
    signal: ({ payload }) => mapping({ body: payload }),
  });
  const redriver = await Redriver.open({ place: there, config, sources: { crm, relayed } });
  const { heaps, over, stayed, ...rest } = await redrive(queue, {
    ...{ redriver, go: true, limit: Infinity, progress: () => {}, isInterrupted: () => false },
    ...wish,
  });
  return { letters: heaps.count, over: [...over], stayed: [...stayed], ...rest };
}

async function put(relay: Relay, signals: readonly Signal[], reason: DeadReason = 'unavailable') {
  const [{ source = '' } = {}] = signals;
  const body = writeMessage({ signals: [...signals] });
  await relay.letters.put({ body, reason, detail: 'cannot be reached', source });
  return body;
}

function parked(event: unknown, source = 'crm') {
  return writeParked({ source, at: Date.now(), requestId: 'r', type: 'event', key: 'key-1', event });
}

const eventSource = 'aws.partner/salesforce.com/00D000000000001EAA/channel-1';

/** As EventBridge hands it over. */
function busEvent(source = eventSource) {
  return {
    id: 'e-1',
    source,
    account: '1',
    'detail-type': 'Left__e',
    detail: { payload: { visitor: sampleVisitor } },
  };
}

const nothing = { letters: 0, moved: 0, signals: 0, over: [], stayed: [] };

describe('signals', () => {
  test('go back byte for byte, and those that failed get as much time again', async () => {
    const relay = await standIn();
    const failed = await relay.ended('failed', {}, 'unavailable');
    const body = await put(relay, [failed]);
    const before = Date.now();
    expect(await outcomeOf(relay)).toEqual({ ...nothing, letters: 1, moved: 1, signals: 1 });
    expect([await relay.taken(), await relay.left()]).toEqual([[body], 0]);
    const record = await relay.table.read(failed.id);
    expect(record).toMatchObject({ status: 'accepted', acceptedAt: failed.acceptedAt });
    expect(record?.reason).toBeUndefined();
    expect(record?.expiresAt).toBeGreaterThanOrEqual(before + 300_000);
    expect(record?.expiresAt).toBeLessThanOrEqual(Date.now() + 300_000);
  });

  test('that were sent, or may have been, are not opened again, whatever else is in their message', async () => {
    const relay = await standIn();
    const [sent, unknown] = [await relay.ended('sent'), await relay.ended('unknown')];
    const failed = await relay.ended('failed', {}, 'unavailable');
    await put(relay, [sent, failed, unknown]);
    expect(await outcomeOf(relay)).toMatchObject({ moved: 1, signals: 1 });
    const statuses = [sent, failed, unknown].map(async ({ id }) => (await relay.table.read(id))?.status);
    expect(await Promise.all(statuses)).toEqual(['sent', 'accepted', 'unknown']);
  });

  test('that have all ended are not sent, and their letter goes away', async () => {
    const relay = await standIn();
    await put(relay, [await relay.ended('sent'), await relay.ended('cancelled')]);
    const over = [['its signals have ended since', 1]];
    expect(await outcomeOf(relay)).toEqual({ ...nothing, letters: 1, over });
    expect([await relay.taken(), await relay.left()]).toEqual([[], 0]);
  });

  test('that never got a record get one, with as much time as they had', async () => {
    const relay = await standIn();
    const lost = signal();
    const body = writeMessage({ signals: [lost] });
    await relay.put(body);
    await outcomeOf(relay);
    const record = await relay.table.read(lost.id);
    expect(record).toMatchObject({ status: 'accepted', acceptedAt: lost.acceptedAt });
    expect(record?.expiresAt).toBeGreaterThan(Date.now());
    expect(await relay.taken()).toEqual([body]);
  });

  test('of many letters go, each once', async () => {
    const relay = await standIn();
    const signals = await Promise.all(
      Array.from({ length: 35 }, () => relay.ended('failed', {}, 'unavailable')),
    );
    await Promise.all(signals.map((one) => put(relay, [one])));
    expect(await outcomeOf(relay)).toEqual({ ...nothing, letters: 35, moved: 35, signals: 35 });
    const bodies: string[] = [];
    for (let some = await relay.taken(); some.length > 0; some = await relay.taken()) bodies.push(...some);
    expect([bodies.length, new Set(bodies).size, await relay.left()]).toEqual([35, 35, 0]);
  });

  test('that fail again at once are not sent again and again', async () => {
    const relay = await standIn();
    for (let at = 0; at < 15; at++) await put(relay, [await relay.ended('failed', {}, 'unavailable')]);
    const failingAgain = async () => {
      for (const body of await relay.taken())
        await relay.letters.put({ body, reason: 'unavailable', detail: 'again', source: 'webhook:crm' });
    };
    const again: Promise<void>[] = [];
    const progress = () => void again.push(failingAgain());
    expect(await outcomeOf(relay, { progress })).toMatchObject({ letters: 15, moved: 15 });
    await Promise.all(again);
    await failingAgain();
    expect(await relay.left()).toBe(15);
  });
});

test('a look for a visitor goes back as it is', async () => {
  const relay = await standIn();
  const { groupid, visitorid } = signal();
  const body = writeMessage({ look: { groupid, visitorid, line: 'line-1' } });
  await relay.put(body);
  expect(await outcomeOf(relay)).toEqual({ ...nothing, letters: 1, moved: 1 });
  expect([await relay.taken(), await relay.left()]).toEqual([[body], 0]);
});

describe('an event', () => {
  test('is mapped anew, and makes the signal that it would have made, each time the same', async () => {
    const relay = await standIn();
    const ids: string[] = [];
    for (let times = 1; times <= 2; times++) {
      await relay.put(parked({ body: { visitor: sampleVisitor } }));
      expect(await outcomeOf(relay)).toEqual({ ...nothing, letters: 1, moved: 1, signals: 1 });
      const [body = ''] = await relay.taken();
      const [made] = JSON.parse(body).signals;
      expect(made).toMatchObject({ visitorid: sampleVisitor, groupid: '12345', source: 'webhook:crm' });
      ids.push(made.id);
    }
    expect([new Set(ids).size, await relay.left()]).toEqual([1, 0]);
  });

  test.for<[Mapping, string]>([
    [
      () => {
        throw new TypeError('x is not a function');
      },
      'source crm, mapping-threw: TypeError: x is not a function',
    ],
    [
      () => ({ visitorid: 'a b', message: { mtype: 'signal', data: 1 } }),
      'source crm, mapping-invalid: 0.visitorid: must be 1 to 100 characters',
    ],
  ])('that still makes none stays, and why is told', async ([mapping, why]) => {
    const relay = await standIn();
    await relay.put(parked({ body: {} }));
    const { stayed, ...rest } = await outcomeOf(relay, {}, mapping);
    expect(rest).toEqual({ letters: 1, moved: 0, signals: 0, over: [] });
    expect(stayed).toEqual([[expect.stringContaining(why), 1]]);
    expect([await relay.taken(), await relay.left()]).toEqual([[], 1]);
  });

  test('that is of no interest any more goes away', async () => {
    const relay = await standIn();
    await relay.put(parked({ body: {} }));
    const over = [['relay.config.ts makes no signal of its event now', 1]];
    expect(await outcomeOf(relay, {}, () => null)).toEqual({ ...nothing, letters: 1, over });
    expect(await relay.left()).toBe(0);
  });
});

test.for<[string, string]>([
  [parked({ body: {} }, 'gone'), 'relay.config.ts has no source gone'],
  [
    writeParked({ source: 'crm', at: Date.now(), requestId: 'r' }),
    'source crm: the webhook was not understood, so it was not kept; its sender alone can repeat it',
  ],
  ['{"what":"is this"}', 'it is no message of the relay'],
])('what nobody can do anything with stays: %s', async ([body, why]) => {
  const relay = await standIn();
  await relay.put(body);
  expect(await outcomeOf(relay)).toEqual({ ...nothing, letters: 1, stayed: [[why, 1]] });
  expect([await relay.taken(), await relay.left()]).toEqual([[], 1]);
});

describe('some are chosen', () => {
  test.for<[Partial<Wish>, number]>([
    [{ reason: 'authorization' }, 1],
    [{ reason: 'received-too-often' }, 1],
    [{ source: 'crm' }, 3],
    [{ source: 'webhook:crm' }, 3],
    [{ source: 'caller:desk' }, 1],
    [{ source: 'crm', reason: 'unavailable' }, 1],
    [{ limit: 2 }, 2],
    [{ source: 'nobody' }, 0],
  ])('%j: %i', async ([wish, count]) => {
    const relay = await standIn();
    await put(relay, [signal()]);
    await put(relay, [signal()], 'authorization');
    await put(relay, [signal({ source: 'caller:desk' })]);
    await relay.put(writeMessage({ signals: [signal()] }));
    expect(await outcomeOf(relay, wish)).toMatchObject({ letters: count, moved: count, signals: count });
    expect(await relay.left()).toBe(4 - count);
  });
});

test('without --go, what would be done is found out, and nothing is changed', async () => {
  const relay = await standIn();
  const failed = await relay.ended('failed', {}, 'unavailable');
  await put(relay, [failed]);
  await put(relay, [await relay.ended('sent')]);
  await relay.put(parked({ body: { visitor: sampleVisitor } }));
  expect(await outcomeOf(relay, { go: false })).toMatchObject({ letters: 3, moved: 2, signals: 2 });
  expect([await relay.taken(), await relay.left()]).toEqual([[], 3]);
  expect((await relay.table.read(failed.id))?.status).toBe('failed');
});

describe('nothing is lost', () => {
  test('by whoever is interrupted: what was begun is finished, the rest stays', async () => {
    const relay = await standIn();
    for (let at = 0; at < 25; at++) await put(relay, [await relay.ended('failed', {}, 'unavailable')]);
    const { moved } = await outcomeOf(relay, { isInterrupted: () => true });
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThanOrEqual(10);
    expect(await relay.left()).toBe(25 - moved);
  });

  test('where the queue of signals takes none: the letter stays, and the next time it goes', async () => {
    const relay = await standIn();
    const failed = await relay.ended('failed', {}, 'unavailable');
    const body = await put(relay, [failed]);
    const { sqs } = relay.place;
    // Of all calls, this one does not get through.
    sqs.middlewareStack.add(
      (next, { commandName }) =>
        (args) =>
          commandName === 'SendMessageCommand' ? Promise.reject(new Error('refused')) : next(args),
      { step: 'initialize', name: 'no sending' },
    );
    const { trouble, moved } = await outcomeOf(relay);
    expect(trouble).toBeInstanceOf(AwsTrouble);
    expect(trouble?.message).toContain('queue presence-relay-prod-signals could not be used');
    expect([moved, await relay.left()]).toEqual([0, 1]);
    sqs.middlewareStack.remove('no sending');
    expect(await outcomeOf(relay)).toMatchObject({ moved: 1, signals: 1 });
    expect([await relay.taken(), await relay.left()]).toEqual([[body], 0]);
  });

  test('where letters cannot be removed: they are sent, and stay', async () => {
    const relay = await standIn();
    const body = await put(relay, [await relay.ended('failed', {}, 'unavailable')]);
    const { sqs } = relay.place;
    sqs.middlewareStack.add(
      (next, { commandName }) =>
        (args) =>
          commandName === 'DeleteMessageCommand' ? Promise.reject(new Error('refused')) : next(args),
      { step: 'initialize', name: 'no deleting' },
    );
    const { trouble } = await outcomeOf(relay);
    expect(trouble).toBeInstanceOf(AwsTrouble);
    expect([await relay.taken(), await relay.left()]).toEqual([[body], 1]);
  });
});

test('an event in which the mended mapping finds nobody stays, and is not lost', async () => {
  const relay = await standIn();
  await relay.put(parked({ body: { visitor: sampleVisitor } }));
  const blind: Mapping = () => ({ visitorid: undefined, message: { mtype: 'signal', data: 1 } });
  const stayed = [['source crm: its mapping finds no visitor id in the event', 1]];
  expect(await outcomeOf(relay, {}, blind)).toEqual({ ...nothing, letters: 1, stayed });
  expect(await relay.left()).toBe(1);
});

describe('an event of a partner bus', () => {
  test.for([
    ['that EventBridge could not hand over', busEvent()],
    [
      'that the function failed each time',
      { version: '1.0', requestPayload: busEvent(), requestContext: {} },
    ],
  ] as const)('%s is mapped with the relay.config.ts at hand', async ([, body]) => {
    const relay = await standIn();
    await relay.put(JSON.stringify(body));
    expect(await outcomeOf(relay)).toEqual({ ...nothing, letters: 1, moved: 1, signals: 1 });
    const [message = ''] = await relay.taken();
    expect(JSON.parse(message)).toMatchObject({
      signals: [{ visitorid: sampleVisitor, source: 'webhook:relayed' }],
    });
    expect(await relay.left()).toBe(0);
  });

  test('of a bus that is not configured any more stays', async () => {
    const relay = await standIn();
    await relay.put(JSON.stringify(busEvent('aws.partner/salesforce.com/other/bus')));
    const stayed = [['relay.config.ts has no source for that partner bus', 1]];
    expect(await outcomeOf(relay)).toEqual({ ...nothing, letters: 1, stayed });
    expect(await relay.left()).toBe(1);
  });

  test('that its source does not understand stays', async () => {
    const relay = await standIn();
    await relay.put(JSON.stringify({ ...busEvent(), detail: 'nothing' }));
    expect(await outcomeOf(relay)).toMatchObject({
      moved: 0,
      stayed: [[expect.stringMatching(/^source relayed: /), 1]],
    });
  });
});
