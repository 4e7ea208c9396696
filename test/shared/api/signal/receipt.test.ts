import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readsignal } from '../../../../shared/api/endpoints.ts';
import { receiptOf } from '../../../../shared/api/signal/receipt.ts';
import {
  isEnding,
  type SignalRecord,
  signalId,
  signalReasons,
  signalStatuses,
} from '../../../../shared/signals/signal.ts';

const time = fc.integer({ min: 1, max: 4_102_444_800_000 });
const option = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });

const record: fc.Arbitrary<SignalRecord> = fc.record({
  id: fc.stringMatching(/^[a-f0-9]{32}$/).map((id) => signalId.parse(id)),
  groupid: fc.stringMatching(/^\d{1,15}$/),
  visitorid: fc.constant('visitor-of-mine'),
  source: fc.constant('caller:secret-role'),
  mtype: fc.constantFrom('signal', 'invoke'),
  func: option(fc.constant('GLANCE.secret')),
  status: fc.constantFrom(...signalStatuses),
  reason: option(fc.constantFrom(...signalReasons)),
  attempts: fc.nat(),
  acceptedAt: time,
  expiresAt: time,
  waitingSince: option(time),
  sendingAt: option(time),
  endedAt: option(time),
  leaseUntil: option(time),
  fingerprint: option(fc.constant('secret-fingerprint')),
});

test('A receipt is as the contract has it, whatever the record, and holds no more than that', () => {
  fc.assert(
    fc.property(record, time, (of, now) => {
      const receipt = receiptOf(of, now);
      expect(readsignal.answers[200].schema.parse(receipt)).toEqual(receipt);
      expect(JSON.stringify(receipt)).not.toMatch(/visitor-of-mine|secret|undefined/);
    }),
  );
});

test('A receipt never says less than the record once that has ended', () => {
  fc.assert(
    fc.property(record, time, (of, now) => {
      fc.pre(isEnding(of.status) || of.status === 'sending');
      expect(receiptOf(of, now).status).toBe(of.status);
    }),
  );
});
