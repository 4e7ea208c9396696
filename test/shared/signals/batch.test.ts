import type { SQSRecord } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startEventSource } from '../../../infra/local/lambda/event-source.ts';
import { deliverBatch } from '../../../shared/signals/batch.ts';
import { readMessage, writeMessage } from '../../../shared/signals/queue-message.ts';
import type { Signal } from '../../../shared/signals/signal.ts';
import { json, later, status } from '../../support/presence-server.ts';
import { type Between, openPlace, type Place, token } from './place.ts';
import { ample, newSignal, waitingSignal } from './signals.ts';

let place: Place;
let number = 0;
beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(async () => {
  number += 1;
  place.clock.time = Date.now();
  place.present.clear();
  place.received.length = 0;
  place.replies = {};
  place.tableGate.fateOf = () => undefined;
  await place.store.takeMessages();
});

const to = (name: string) => `${name}-${number}`;
const aSignal = (name: string) => newSignal(place.clock.time, { to: to(name) });

function recordsOf(...bodies: readonly string[]): SQSRecord[] {
  return bodies.map((body, at) => ({ messageId: `message-${at}`, body })) as SQSRecord[]; // nothing else is read
}

function handle(
  bodies: readonly string[],
  { between, remaining = 28_000 }: { between?: Between; remaining?: number } = {},
) {
  const { delivery, queue, events } = place.worker({ ...(between && { between }) });
  const failed: string[] = [];
  const deadline = { remaining: () => remaining };
  const report = (messageId: string) => void failed.push(messageId);
  return deliverBatch(recordsOf(...bodies), { delivery, queue, events, deadline, failed: report }).then(
    (answer) => ({
      failed,
      items: answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
    }),
  );
}

async function sentBack(): Promise<Signal[][]> {
  const messages = (await place.store.takeMessages()).map(readMessage);
  return messages.map((message) => ('signals' in message ? message.signals : []));
}

const delaysBack = () =>
  place.queueGate.calls
    .filter(({ operation }) => operation === 'SendMessage')
    .map(({ input }) => input.DelaySeconds);

test('of a message, only what has to be tried again goes back, in a message of its own', async () => {
  const [ada, bob, eve] = ['ada', 'bob', 'eve'].map(aSignal) as [Signal, Signal, Signal];
  for (const name of ['ada', 'bob', 'eve']) place.present.add(to(name));
  place.replies = { signal: (visitorid) => (visitorid === to('bob') ? status(503) : undefined) };
  const before = delaysBack().length;
  expect(await handle([writeMessage({ signals: [ada, bob, eve] })])).toEqual({ items: [], failed: [] });
  expect(place.received.map(({ data }) => data).toSorted()).toEqual([ada.id, eve.id].toSorted());
  expect(delaysBack().slice(before)).toEqual([2]);
  const body = place.queueGate.calls.at(-1)?.input.MessageBody;
  expect(readMessage(String(body))).toEqual({ signals: [bob] });
});

test('what comes behind one that has to wait waits with it, and keeps its place', async () => {
  const expiresAt = place.clock.time + 7_200_000;
  const signals = [1, 2, 3].map(() => ({ ...aSignal('ada'), expiresAt }));
  place.present.add(to('ada'));
  place.replies = { signal: () => status(429, { 'retry-after': '1200' }) };
  const before = delaysBack().length;
  await handle([writeMessage({ signals })]);
  // As long as SQS can.
  expect(delaysBack().slice(before)).toEqual([900]);
  expect(readMessage(String(place.queueGate.calls.at(-1)?.input.MessageBody))).toEqual({ signals });
  expect((await place.worker().table.read(signals[1]?.id ?? aSignal('x').id))?.attempts).toBeUndefined();
});

test('one visitor’s signals are sent in their order, those of others beside them', async () => {
  const names = Array.from({ length: 40 }, (_, at) => (at % 2 ? 'ada' : `other-${at}`));
  const signals = names.map(aSignal);
  for (const name of names) place.present.add(to(name));
  const { delivery, queue, events } = place.worker({ perVisitor: 100 });
  await deliverBatch(recordsOf(writeMessage({ signals })), {
    delivery,
    queue,
    events,
    deadline: ample,
    failed: () => {},
  });
  const toAda = place.received.filter(({ visitorid }) => visitorid === to('ada')).map(({ data }) => data);
  expect(toAda).toEqual(signals.filter(({ visitorid }) => visitorid === to('ada')).map(({ id }) => id));
  expect(place.received).toHaveLength(40);
});

test('a message that cannot be read fails alone', async () => {
  const signal = aSignal('ada');
  place.present.add(to('ada'));
  const bodies = ['no JSON', '{"signals":[{}]}', writeMessage({ signals: [signal] }), '{}'];
  expect(await handle(bodies)).toEqual({
    items: ['message-0', 'message-1', 'message-3'],
    failed: ['message-0', 'message-1', 'message-3'],
  });
  expect(place.received).toHaveLength(1);
});

test('where the table is not to be had for one signal, its message comes back, and the others are done', async () => {
  const [ada, bob] = [aSignal('ada'), aSignal('bob')];
  for (const name of ['ada', 'bob']) place.present.add(to(name));
  place.tableGate.fateOf = ({ input }) =>
    JSON.stringify(input).includes(ada.id) ? { error: 'ResourceNotFoundException' } : undefined;
  const bodies = [writeMessage({ signals: [ada, bob] }), writeMessage({ signals: [aSignal('bob')] })];
  expect((await handle(bodies)).items).toEqual(['message-0']);
  expect(place.received.map(({ visitorid }) => visitorid)).toEqual([to('bob'), to('bob')]);
  place.tableGate.fateOf = () => undefined;
  expect((await handle(bodies)).items).toEqual([]);
  expect(place.received).toHaveLength(3);
});

test('where the queue takes nothing back, the message comes back whole', async () => {
  const signal = aSignal('ada');
  place.present.add(to('ada'));
  place.replies = { signal: () => status(503) };
  const between: Between = (what, call) => {
    if (what === 'SendMessageCommand') throw new Error('no queue');
    return call();
  };
  expect((await handle([writeMessage({ signals: [signal] })], { between })).items).toEqual(['message-0']);
  place.replies = {};
  await handle([writeMessage({ signals: [signal] })]);
  expect(place.received).toHaveLength(1);
});

test('so many visitors are served at once, and no more', async () => {
  const names = Array.from({ length: 60 }, (_, at) => `many-${at}`);
  for (const name of names) place.present.add(to(name));
  let [now, most] = [0, 0];
  const between: Between = async (what, call) => {
    if (!what.startsWith('POST')) return await call();
    now += 1;
    most = Math.max(most, now);
    try {
      return await call();
    } finally {
      now -= 1;
    }
  };
  place.replies = { signal: () => later(40, json({})) };
  await handle(
    names.map((name) => writeMessage({ signals: [aSignal(name)] })),
    { between },
  );
  expect(most).toBeGreaterThan(4);
  expect(most).toBeLessThanOrEqual(16);
});

test('near the end of its time a worker begins nothing, and everything goes back at once', async () => {
  const signals = ['ada', 'bob', 'ada'].map(aSignal);
  const waits = waitingSignal(place.clock.time, { to: to('eve') });
  for (const name of ['ada', 'bob', 'eve']) place.present.add(to(name));
  const calls = place.tableGate.calls.length;
  const bodies = [writeMessage({ signals }), writeMessage({ signals: [waits] })];
  expect((await handle(bodies, { remaining: 3_500 })).items).toEqual([]);
  expect(place.tableGate.calls.length).toBe(calls);
  expect(place.received).toEqual([]);
  const back = (await sentBack()).flat().map(({ id }) => id);
  expect(back.toSorted()).toEqual([...signals, waits].map(({ id }) => id).toSorted());
});

test('no log line tells a visitor, a message or a token', async () => {
  const names = ['log-absent', 'log-there', 'log-503', 'log-500', 'log-401', 'log-waits', 'log-many'];
  place.log.length = 0;
  for (const name of names.filter((name) => !/absent|waits/.test(name))) place.present.add(to(name));
  place.replies = {
    signal: (visitorid) => {
      const [code] = /(?<=log-)\d{3}/.exec(visitorid) ?? [];
      return code === undefined ? undefined : status(Number(code));
    },
  };
  const data = { note: 'what nobody else may read' };
  const make = (name: string, more = {}) =>
    newSignal(place.clock.time, { to: to(name), message: { mtype: 'signal', data }, ...more });
  const signals = [
    ...names.map((name) => make(name)),
    make('log-waits', { waits: true }),
    make('log-503', { expiresAt: place.clock.time + 200 }),
    ...Array.from({ length: 12 }, () => make('log-many')),
  ];
  const [twice = make('x')] = signals;
  await handle([writeMessage({ signals }), writeMessage({ signals: [twice] }), 'log-unreadable']);
  await handle([writeMessage({ signals: [twice] })]);
  const text = place.log.join('');
  for (const event of ['signal ended', 'signal waits', 'signal repeated', 'signal postponed'])
    expect(text).toContain(event);
  expect(text).toContain('rate-limited');
  for (const secret of ['log-', 'nobody else', token, token.slice(8, 30)]) expect(text).not.toContain(secret);
});

test('for real: whoever comes has the signal within three seconds', async () => {
  const { queue } = place.store;
  place.clock.now = Date.now;
  const target = {
    invoke: async (event: unknown) => {
      const { Records } = event as { Records: SQSRecord[] }; // of `sqsEvent`
      const { delivery, queue, events } = place.worker();
      return await deliverBatch(Records, { delivery, queue, events, deadline: ample, failed: () => {} });
    },
  };
  const source = startEventSource({ queue, target, batchSize: 10, maxConcurrency: 3, log: () => {} });
  const signal = waitingSignal(Date.now(), { to: to('real') });
  await queue.send({ body: writeMessage({ signals: [signal] }) });
  await new Promise((resolve) => setTimeout(resolve, 2_600));
  expect(place.received).toEqual([]);
  place.present.add(to('real'));
  await expect.poll(() => place.received, { timeout: 3_000 }).toHaveLength(1);
  source.close();
});
