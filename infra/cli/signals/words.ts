import type { SignalReason, SignalRecord } from '../../../shared/signals/signal.ts';

const reasons: Record<SignalReason, string> = {
  'visitor-not-present': 'the visitor was not on the site',
  'rate-limited':
    'the visitor has had as many signals as one may get in a minute ("signals.perVisitor" in relay.config.ts)',
  'worker-lost': 'whoever sent it did not live to hear the answer',
  'too-late': 'it could not be tried in time',
  authorization: 'the Presence service refused the token',
  'refused-server': 'the visitor is on a server that relay.config.ts does not allow ("directServers")',
  'invalid-answer': 'the Presence service gave an answer that is not understood',
  unavailable: 'the Presence service could not be reached',
  timeout: 'the Presence service did not answer in time',
  'delivery-unknown': 'the server was sent it, and did not confirm it',
  internal: 'a mistake in the relay; its log tells',
};

/** What has become of a signal by now, as a part of a sentence. */
export function becameOf(record: SignalRecord): string {
  const { status, reason, acceptedAt, endedAt, expiresAt } = record;
  const because = reason ? `: ${reasons[reason]}` : '';
  const after = endedAt === undefined ? '' : ` after ${duration(endedAt - acceptedAt)}`;
  switch (status) {
    case 'accepted':
      return `taken on, to be delivered until ${time(expiresAt)}${because}`;
    case 'waiting':
      return `waits for its visitor until ${time(expiresAt)}`;
    case 'sending':
      return 'on its way';
    case 'sent':
      return `sent${after}`;
    case 'unknown':
      return `nobody knows whether it arrived${because}`;
    default:
      return `${status}${after}${because}`;
  }
}

/** What it does: sends a message, or calls a function in the visitor's browser. */
export function deedOf({ mtype, func }: SignalRecord): string {
  return func === undefined ? mtype : `${mtype} ${func}`;
}

/** ISO 8601, to the second. */
export function time(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** As people say it: `0.2 s`, `5 min`, `3 d 4 h`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const at = units.findIndex(([, size]) => seconds >= size);
  const [unit, size] = units[at] ?? ['s', 1];
  const [smaller, smallerSize] = units[at + 1] ?? ['', Infinity];
  const rest = Math.floor((seconds % size) / smallerSize);
  return `${Math.floor(seconds / size)} ${unit}${rest > 0 ? ` ${rest} ${smaller}` : ''}`;
}
