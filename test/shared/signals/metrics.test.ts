import { expect, test } from 'vitest';
import { signalEndings } from '../../../shared/signals/metrics.ts';
import { isEnding, signalStatuses } from '../../../shared/signals/signal.ts';

test('every way in which a signal can end has its place in alarms and dashboard', () => {
  expect([...signalEndings].toSorted()).toEqual(signalStatuses.filter(isEnding).toSorted());
});
