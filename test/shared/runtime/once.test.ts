import { expect, test } from 'vitest';
import { once } from '../../../shared/runtime/once.ts';

test('a value is made at its first use and never before', async () => {
  let made = 0;
  const use = once(() => ++made);
  expect(made).toBe(0);
  expect(await use()).toBe(1);
  expect(await use()).toBe(1);
});

test('callers who come while it is being made share it', async () => {
  let made = 0;
  const use = once(() => Promise.resolve(++made));
  expect(await Promise.all([use(), use(), use()])).toEqual([1, 1, 1]);
});

test('a failure reaches everybody who waited, and the next use tries again', async () => {
  let tries = 0;
  const use = once(() => {
    tries += 1;
    if (tries === 1) throw new Error('not yet');
    return 'made';
  });
  const [first, second] = await Promise.allSettled([use(), use()]);
  expect([first.status, second.status]).toEqual(['rejected', 'rejected']);
  expect(await use()).toBe('made');
  expect(tries).toBe(2);
});
