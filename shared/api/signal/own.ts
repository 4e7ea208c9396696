import { embeddedMetrics, metricNamespace, stageOfMetrics } from '../../runtime/metrics.ts';
import { signalsEnded } from '../../signals/metrics.ts';
import type { SignalRecord } from '../../signals/signal.ts';
import type { SignalTable } from '../../signals/table.ts';
import type { Call } from '../edge.ts';
import type { cancelsignal, readsignal } from '../endpoints.ts';
import { Problem } from '../problem.ts';
import { beforehand } from './kept.ts';
import { statusOf } from './receipt.ts';
import { sourceOf } from './signal-of.ts';

type ReceiptCall = Call<typeof readsignal | typeof cancelsignal>;

/** The record of a signal of this caller. Throws `not-found`, be it that of another caller or none at all. */
export async function readOwn(
  { parameters, caller }: Pick<ReceiptCall, 'parameters' | 'caller'>,
  table: SignalTable,
): Promise<SignalRecord> {
  const record = await beforehand(table.read(parameters.id));
  if (record?.source !== sourceOf(caller)) throw unknownSignal();
  return record;
}

/** Throws `not-found`, and `conflict` where it is too late. */
export async function cancelOwn(call: ReceiptCall, table: SignalTable): Promise<SignalRecord> {
  const before = await readOwn(call, table);
  if (statusOf(before) === 'cancelled') return before;
  if (statusOf(before) === 'expired') throw tooLate();
  const record = await beforehand(table.cancel(before.id));
  if (!record) throw unknownSignal();
  if (record.status !== 'cancelled') throw tooLate();
  logOutcome(call, record);
  return record;
}

/** As of any other end of a signal. */
function logOutcome({ log }: ReceiptCall, { id, source, groupid, mtype, func, status }: SignalRecord): void {
  const fields = { signal: id, source, groupid, mtype, func, Outcome: status, [signalsEnded.name]: 1 };
  const Stage = stageOfMetrics();
  log.info('signal ended', { ...fields, Stage }, embeddedMetrics(metricNamespace, [signalsEnded]));
}

function unknownSignal(): Problem {
  return new Problem('not-found', 'There is no signal of this caller with that id.');
}

function tooLate(): Problem {
  return new Problem('conflict', 'It is too late to cancel the signal: it has ended, or is on its way.');
}
