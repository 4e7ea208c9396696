import { expect, test } from 'vitest';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';

test('a deadline tells the time left, and goes below zero once it has passed', () => {
  let now = 1_000;
  const deadline = deadlineIn(250, { now: () => now });
  expect(deadline.remaining()).toBe(250);
  now += 200;
  expect(deadline.remaining()).toBe(50);
  now += 80;
  expect(deadline.remaining()).toBe(-30);
});
