import type { Signal, SignalRecord } from '../../../shared/signals/signal.ts';
import type { Letter } from '../redrive/letter.ts';
import { type Finding, finding, type Step } from '../report.ts';
import { becameOf } from '../signals/words.ts';
import { type Expected, isTaken } from './expect.ts';
import type { Sent, Trace, Trial } from './trial.ts';

export function sampleOf({ sample, visitor, times }: Trial): Step {
  const often = times > 1 ? `, ${times} times` : '';
  return { name: 'sample', ...finding('ok', `${sample.file}, for visitor ${visitor}${often}`) };
}

/** One step for each status that came back. */
export function* answersOf(trial: Trial, sent: readonly Sent[]): Generator<Step> {
  const groups = Object.values(Object.groupBy(sent, ({ answer }) => answer.status));
  for (const some of groups) {
    const [first] = some ?? [];
    if (first) yield { name: 'answer', ...answerOf(trial, some ?? [], first) };
  }
}

function answerOf({ forge, source }: Trial, some: readonly Sent[], { answer, expected }: Sent): Finding {
  const often = some.length > 1 ? `${some.length} × ` : '';
  const says = `${often}${answer.status}${timesOf(some.map((one) => one.answer.milliseconds))}`;
  if (forge)
    return answer.status === 401
      ? finding('ok', `${says}: it was changed, and refused`)
      : finding('fail', `${says}: it was changed, and ought to be answered with 401`);
  if (source.transport !== 'http' && isTaken(answer, expected, source))
    return finding('ok', `put on the event bus${timesOf(some.map((one) => one.answer.milliseconds))}`);
  if (isTaken(answer, expected, source)) return finding('ok', says);
  return finding('fail', says, statusHints[answer.status] ?? 'the terminal of "npm start" tells more');
}

const statusHints: Readonly<Record<number, string>> = {
  401: 'the terminal of "npm start" tells why, as "webhook rejected"; the local run knows the sources and the options that relay.config.ts had when it was started',
  413: 'it is larger than "maxBytes" of the source',
  503: 'either the source is switched off ("enabled: false"), or it could not be kept: the terminal of "npm start" tells, as "webhook not kept"',
};

function timesOf(milliseconds: readonly number[]): string {
  const sorted = milliseconds.map(Math.round).sort((one, other) => one - other);
  const [least = 0] = sorted;
  const most = sorted.at(-1) ?? least;
  const half = sorted[Math.floor(sorted.length / 2)] ?? least;
  if (sorted.length < 2) return ` after ${least} ms`;
  return ` after ${least} to ${most} ms, half of them within ${half} ms`;
}

/** A step for each signal; of many requests, one for each thing that became of some. */
export function* signalsOf(trial: Trial, trace: Trace): Generator<Step> {
  const signals = trace.sent.flatMap(({ expected }) => expected.signals);
  const first = new Set<string>();
  const told = signals.map((signal) => {
    const isRepeat = trace.before.has(signal.id) || first.has(signal.id);
    first.add(signal.id);
    return { signal, isRepeat, ...becomes(signal, isRepeat, trial, trace) };
  });
  if (trial.times === 1) {
    for (const { signal, says, verdict, hint } of told)
      yield { name: 'signal', ...finding(verdict, `${signal.id} to ${signal.visitorid}: ${says}`, hint) };
    return;
  }
  for (const some of Object.values(Object.groupBy(told, ({ alike }) => alike))) {
    const [one] = some ?? [];
    if (one) yield { name: 'signals', ...finding(one.verdict, `${some?.length} × ${one.alike}`, one.hint) };
  }
}

/** `alike` is what several of them have in common. */
type Became = Finding & { readonly alike: string };

function becomes({ id }: Signal, isRepeat: boolean, { relay }: Trial, { after }: Trace): Became {
  const record = after.get(id);
  if (!record) {
    const hint =
      'has the local run the same relay.config.ts? It reads it when it starts: start it anew. The terminal of "npm start" tells what it does';
    const says = 'nothing is known of it';
    return { ...finding('warn', says, hint), alike: says };
  }
  if (isRepeat) {
    const says = 'the same signal as before, and not sent twice';
    return { ...finding('ok', `${says}; ${becameOf(record)}`), alike: says };
  }
  const { verdict, hint } = judged(record, relay.site);
  const alike = alikeOf(record);
  return { ...finding(verdict, becameOf(record), hint), alike };
}

function alikeOf({ status, reason }: SignalRecord): string {
  return reason === undefined ? status : `${status} (${reason})`;
}

function judged({ status, reason, visitorid }: SignalRecord, site: string): Omit<Finding, 'says'> {
  const open = `${site}/?visitorid=${visitorid}`;
  if (status === 'sent') return { verdict: 'ok' };
  if (status === 'waiting') return { verdict: 'ok', hint: `to receive it, open ${open}` };
  if (reason === 'visitor-not-present')
    return {
      verdict: 'warn',
      hint: `open ${open} beforehand; or give the signal a "ttl", for which it waits for its visitor`,
    };
  if (reason === 'rate-limited') return { verdict: 'warn' };
  if (status === 'failed' || status === 'unknown')
    return { verdict: 'fail', hint: 'the terminal of "npm start" tells more, as "signal ended"' };
  return { verdict: 'warn' };
}

/** Those that are there; where none is, what ought to be. */
export function* deadLettersOf(letters: readonly Letter[], parked: Expected['parked']): Generator<Step> {
  const found = letters.map(({ reason, detail }) => ({ reason, detail: detail ?? '' }));
  const missing = found.length === 0 ? ' (it ought to be among the dead letters, and is not)' : '';
  const told = Map.groupBy(found.length > 0 ? found : parked, ({ reason, detail }) => `${reason}: ${detail}`);
  for (const [says, { length }] of told) {
    const often = length > 1 ? `${length} × ` : '';
    const hint = `mend "signal" of the source in relay.config.ts, start the local run anew, and send it again; once it is deployed, "npm run redrive -- --go" maps there what was kept`;
    const isMapping = says.startsWith('mapping');
    yield {
      name: 'dead letter',
      ...finding('fail', `${often}${says}${missing}`, isMapping ? hint : undefined),
    };
  }
}

/** Neither a signal nor a dead letter. */
export function nothingOf(sent: readonly Sent[]): Step {
  const unaddressed = sent.some(({ expected }) => expected.unaddressed > 0);
  const says = unaddressed
    ? 'none: "signal" of the source finds no visitor id in it'
    : 'none: "signal" of the source makes none of it, or it is none that the source tells anybody of';
  return { name: 'signal', ...finding('warn', says) };
}
