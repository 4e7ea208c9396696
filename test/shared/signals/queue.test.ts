import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readParked, writeParked } from '../../../shared/signals/dead-letter.ts';
import { mostQueueBytes } from '../../../shared/signals/limits.ts';
import { inMessages } from '../../../shared/signals/queue.ts';
import { readMessage, writeMessage } from '../../../shared/signals/queue-message.ts';
import type { Signal } from '../../../shared/signals/signal.ts';
import { openPlace, type Place } from './place.ts';
import { newSignal } from './signals.ts';

let place: Place;
beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place[Symbol.asyncDispose]());

function sized(bytes: number, filler = 'x'): Signal {
  const empty = newSignal(1_790_000_000_000, { message: { mtype: 'signal', data: '' } });
  const left = bytes - Buffer.byteLength(JSON.stringify(empty));
  return { ...empty, message: { mtype: 'signal', data: filler.repeat(left / Buffer.byteLength(filler)) } };
}

const bytesOf = (signals: Signal[]) => Buffer.byteLength(writeMessage({ signals }));

test('each signal is in one message, in order; no message is too large, and none could take the next signal', () => {
  const sizes = fc.array(fc.integer({ min: 400, max: 400_000 }), { maxLength: 40 });
  fc.assert(
    fc.property(sizes, fc.constantFrom('x', 'ü', '🎈', '\uffff'), (given, filler) => {
      const signals = given.map((size) => sized(size, filler));
      const messages = inMessages(signals);
      expect(messages.flat()).toEqual(signals);
      for (const [at, message] of messages.entries()) {
        expect(message.length).toBeGreaterThan(0);
        const [next] = messages[at + 1] ?? [];
        if (message.length > 1) expect(bytesOf(message)).toBeLessThanOrEqual(mostQueueBytes);
        if (next) expect(bytesOf([...message, next])).toBeGreaterThan(mostQueueBytes);
      }
    }),
    { numRuns: 40 },
  );
});

test('signals that fill a message to the last byte are in one', () => {
  const first = sized(500_000);
  const around = bytesOf([first, sized(400)]) - 400;
  const second = sized(mostQueueBytes - around);
  expect(bytesOf([first, second])).toBe(mostQueueBytes);
  expect(inMessages([first, second])).toHaveLength(1);
  expect(inMessages([first, sized(mostQueueBytes - around + 1)])).toHaveLength(2);
});

test('whatever JSON a signal holds, SQS takes it, and every digit and character comes back', async () => {
  const { queue } = place.worker();
  const texts = fc.string({ unit: 'binary', maxLength: 20 });
  const values = fc.oneof(
    fc.jsonValue(),
    texts,
    fc.dictionary(texts, texts),
    fc.constant('\ufffe\uffff\u0000🎈\ud800'),
  );
  const property = fc.asyncProperty(values, async (data) => {
    const signal = newSignal(place.clock.time, { message: { mtype: 'signal', data } });
    await queue.send([signal]);
    const [body = ''] = await place.store.takeMessages();
    // As JSON has it: there is no -0 there, nor a key __proto__ in what a pattern of a value makes.
    const sent = JSON.parse(JSON.stringify(signal));
    expect(JSON.parse(JSON.stringify(readMessage(body)))).toEqual({ signals: [sent] });
  });
  await fc.assert(property, { numRuns: 60 });
});

test('numbers that JavaScript would write otherwise keep their digits', () => {
  const data = '{"id":9007199254740993,"price":1.50,"huge":1e400}';
  const body = writeMessage({ signals: [newSignal(1_790_000_000_000)] }).replace(
    /"data":"[^"]*"/,
    `"data":${data}`,
  );
  expect(writeMessage(readMessage(body))).toBe(body);
});

test('an event that made no signal is kept with every character', () => {
  const parked = { source: 'crm', at: 1, requestId: 'r', event: { note: '\ufffe\uffff🎈' } };
  expect(writeParked(parked)).not.toMatch(/[\ufffe\uffff]/);
  expect(readParked(writeParked(parked))).toEqual(parked);
});

test('what is no message of the queue is refused, and what it holds is not repeated', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((json) => `{"signals":[${json}]}`),
      ),
      (body) => {
        try {
          const message = readMessage(body);
          expect('signals' in message ? message.signals : []).toEqual([]);
        } catch (error) {
          expect(String(error)).toMatch(/^Error: no message of the signal queue: /);
        }
      },
    ),
  );
  const secret = 'visitor-whom-nobody-shall-know';
  expect(() =>
    readMessage(JSON.stringify({ signals: [{ visitorid: `${secret} `, id: secret.repeat(9) }] })),
  ).toThrow(expect.not.objectContaining({ message: expect.stringContaining(secret) }));
});
