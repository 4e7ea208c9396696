import { expect, test } from 'vitest';
import { arrivedEvent, changedEvent, leftEvent } from '../../../shared/snapshots/events.ts';
import { slotAt } from '../../../shared/snapshots/slot.ts';

const at = (time: string) => slotAt(Date.parse(time));
const between = {
  groupid: '12345',
  slot: at('2026-11-22T12:10:00Z'),
  before: at('2026-11-22T12:05:00Z'),
  missed: 0,
};
const later = { ...between, slot: at('2026-11-22T12:15:00Z'), missed: 1 };
const ada = Buffer.from('{"visitorid":"ada"}');
const counts = { visitors: 9, arrivals: 5, departures: 4 };

test('the same arrival, seen in two snapshots that are compared with the same one, has one id', () => {
  const { id } = arrivedEvent(between, 'ada', ada).detail;
  expect(arrivedEvent(later, 'ada', ada).detail.id).toBe(id);
  expect(arrivedEvent({ ...between, before: between.slot }, 'ada', ada).detail.id).not.toBe(id);
});

test('the same departure has one id: by whom and when they were seen last', () => {
  const { id } = leftEvent(between, 'ada', between.before).detail;
  expect(leftEvent(later, 'ada', between.before).detail.id).toBe(id);
  expect(leftEvent(between, 'ada', between.slot).detail.id).not.toBe(id);
});

test('whatever differs has an id of its own', () => {
  const other = { ...between, groupid: '67890' };
  const events = [
    arrivedEvent(between, 'ada', ada),
    arrivedEvent(between, 'bob', ada),
    arrivedEvent(other, 'ada', ada),
    leftEvent(between, 'ada', between.before),
    leftEvent(between, 'bob', between.before),
    leftEvent(other, 'ada', between.before),
    changedEvent(between, counts),
    changedEvent(later, counts),
    changedEvent(other, counts),
  ];
  expect(new Set(events.map(({ detail }) => detail.id)).size).toBe(events.length);
});

test('a visitor of 16,384 bytes is in the event, and none that is longer', () => {
  const visitorOf = (bytes: number) => Buffer.from(JSON.stringify({ note: 'x'.repeat(bytes - 11) }));
  expect(visitorOf(16_384)).toHaveLength(16_384);
  expect(arrivedEvent(between, 'ada', visitorOf(16_384)).detail).toHaveProperty('visitor.note');
  expect(arrivedEvent(between, 'ada', visitorOf(16_385)).detail).not.toHaveProperty('visitor');
});

test('numbers of a visitor are told as they stand there', () => {
  const { detail } = arrivedEvent(between, 'ada', Buffer.from('{"account":12345678901234567890.10}'));
  expect(JSON.stringify(detail)).toContain('"visitor":{"account":12345678901234567890.10}');
});
