import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSnapshotRequest, scheduledSnapshot } from '../../../shared/snapshots/request.ts';
import { slotAt, slotTime } from '../../../shared/snapshots/slot.ts';

describe('a request for a snapshot', () => {
  test('comes back as the schedule made it, whatever the group and the time', () => {
    const times = fc.integer({ min: 0, max: Date.UTC(2100, 0) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 15 - 1 }), times, (group, time) => {
        const slot = slotAt(time);
        const event: unknown = JSON.parse(scheduledSnapshot(String(group), slotTime(slot)));
        expect(readSnapshotRequest(event)).toEqual({ groupid: String(group), slot });
      }),
    );
  });

  test('is for the second that was planned, as EventBridge Scheduler writes it', () => {
    const slot = Date.UTC(2026, 10, 22, 12, 5);
    for (const scheduledTime of ['2026-11-22T12:05:00Z', '2026-11-22T12:05:00.731Z'])
      expect(readSnapshotRequest({ groupid: '12345', scheduledTime })).toEqual({ groupid: '12345', slot });
  });

  test.for<[unknown, string]>([
    [undefined, 'is missing'],
    ['{"groupid":"12345"}', 'must be an object'],
    [{ scheduledTime: '2026-11-22T12:05:00Z' }, 'groupid: is missing'],
    [{ groupid: 'acme', scheduledTime: '2026-11-22T12:05:00Z' }, 'groupid: must be digits'],
    [{ groupid: '12345' }, 'scheduledTime: is missing'],
    [
      { groupid: '12345', scheduledTime: '<aws.scheduler.scheduled-time>' },
      'scheduledTime: must be a time in UTC',
    ],
    [
      { groupid: '12345', scheduledTime: '2026-11-22T12:05:00+01:00' },
      'scheduledTime: must be a time in UTC',
    ],
    [{ groupid: '12345', scheduledTime: '2026-02-30T12:05:00Z' }, 'scheduledTime: is no time that there is'],
  ])('%j is none, and says why', ([event, fault]) => {
    expect(() => readSnapshotRequest(event)).toThrow(`no request for a snapshot: ${fault}`);
  });

  test('that is none is not repeated', () => {
    const event = { groupid: 'hunter2', scheduledTime: 'hunter2' };
    expect(() => readSnapshotRequest(event)).not.toThrow('hunter2');
    expect(() => readSnapshotRequest(event)).toThrow();
  });
});
