import { expect, test } from 'vitest';
import { RelayUnderTest } from '../support/relay.ts';

test('of 1,000 signals to 200 visitors at once, none is lost and none comes twice', async () => {
  await using relay = await RelayUnderTest.open();
  const ids = Array.from({ length: 200 }, (_, index) => `parallel-${index}`);
  const visitors = await Promise.all(ids.map((id) => relay.visitor(id)));
  const signals = Array.from({ length: 1_000 }, (_, number) => ({ id: ids[number % 200] ?? '', number }));

  const answers = await Promise.all(signals.map(({ id, number }) => relay.signal(id, number)));
  await Promise.all(visitors.map((visitor) => visitor.close()));

  expect(answers.filter(({ status }) => status !== 200).map(({ json }) => json)).toEqual([]);
  const received = visitors.flatMap((visitor) => visitor.received.map(({ data }) => Number(data)));
  expect(received.toSorted((a, b) => a - b)).toEqual(signals.map(({ number }) => number));
  visitors.forEach((visitor, index) => {
    expect(visitor.received.every(({ data }) => Number(data) % 200 === index)).toBe(true);
  });
}, 60_000);

test('of 150 slow signals at once, every one arrives, and once', async () => {
  await using relay = await RelayUnderTest.open();
  const { groupid } = relay.addresses;
  await relay.emulator('POST', '/visitors', { count: 150, groupid });
  await relay.fault('findvisitor', { kind: 'latency', ms: 2_000 }, 0);
  const ids = Array.from({ length: 150 }, (_, index) => `crowd-${index}`);

  const answers = await Promise.all(ids.map((id) => relay.signal(id, 'hello')));

  expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
  const { counts } = (await relay.emulator('GET', '/deliveries')) as { counts: Record<string, number> };
  expect(ids.map((id) => counts[`${groupid}/${id}`])).toEqual(ids.map(() => 1));
}, 60_000);
