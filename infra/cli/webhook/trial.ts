import { webhookUrl } from '../../../shared/api/webhook-path.ts';
import type { SignalId, SignalRecord } from '../../../shared/signals/signal.ts';
import type { Keys, Source } from '../../../shared/webhooks/source.ts';
import type { Step } from '../report.ts';
import { type Expected, expect, isTaken } from './expect.ts';
import { follow, parkedSince, type Records, recordsNow } from './follow.ts';
import { idsOf, keysOf, type LocalRelay } from './local-relay.ts';
import { fill, fillingOf, type Sample } from './sample.ts';
import { type Answer, putEvent, send } from './send.ts';
import { type SignedRequest, sign } from './sign.ts';
import { answersOf, deadLettersOf, nothingOf, sampleOf, signalsOf } from './tell.ts';

export interface Trial {
  readonly relay: LocalRelay;
  readonly name: string;
  readonly source: Source;
  readonly strictGroups: ReadonlySet<string>;
  readonly sample: Sample;
  readonly visitor: string;
  readonly times: number;
  /** With the same ids as ever, as a vendor sends something again. */
  readonly same: boolean;
  /** Something is changed after it was signed. */
  readonly forge: boolean;
  /** Hears how far it is; with nothing, that it is over. */
  readonly progress: (done?: number, all?: number) => void;
}

/** One request that was sent. */
export interface Sent {
  readonly answer: Answer;
  readonly expected: Expected;
}

/** All that were sent, and what is known of their signals. */
export interface Trace {
  readonly sent: readonly Sent[];
  /** Those that had a record before. */
  readonly before: Records;
  readonly after: Records;
}

/** Sends a webhook as its vendor would, and tells each step of what becomes of it. */
export async function* tryOut(trial: Trial): AsyncGenerator<Step, void> {
  const { relay, name, source, times, progress } = trial;
  const keys = await keysOf(relay, name, source);
  yield sampleOf(trial);
  const since = Date.now();
  const { sent, before } = await sendAll(trial, keys);
  yield* answersOf(trial, sent);
  if (trial.forge || sent.some(({ answer, expected }) => !isTaken(answer, expected, source))) return;
  const ids = [...new Set(sent.flatMap(({ expected }) => idsIn(expected)))];
  const after = await follow(relay.place, ids, (settled) => times > 1 && progress(settled, ids.length));
  progress();
  yield* signalsOf(trial, { sent, before, after });
  const parked = sent.flatMap(({ expected }) => expected.parked);
  if (parked.length > 0) yield* deadLettersOf(await parkedSince(relay.place, name, since), parked);
  if (ids.length === 0 && parked.length === 0) yield nothingOf(sent);
}

function idsIn({ signals }: Expected): SignalId[] {
  return signals.map(({ id }) => id);
}

/** One after the other. Whose signals are known before has sent them in an earlier run. */
async function sendAll(trial: Trial, keys: Keys): Promise<Pick<Trace, 'sent' | 'before'>> {
  const { relay, name, source, strictGroups, times, same, progress } = trial;
  const idOf = idsOf(relay);
  const before = new Map<SignalId, SignalRecord>();
  const sent: Sent[] = [];
  for (let at = 1; at <= times; at++) {
    const now = Date.now();
    const request = prepare(trial, keys, now);
    const expected = await expect(request, { name, source, strictGroups, now, idOf });
    if (at === 1 || !same)
      for (const [id, record] of await recordsNow(relay.place, idsIn(expected))) before.set(id, record);
    const isHttp = source.transport === 'http';
    const answer = isHttp ? await send(request) : await putEvent(relay, request.body);
    sent.push({ expected, answer });
    progress(at, times);
  }
  progress();
  return { sent, before };
}

/** With new ids in it, and signed where there is something to sign with. */
function prepare(
  { relay, name, source, sample, visitor, same, forge }: Trial,
  keys: Keys,
  now: number,
): SignedRequest {
  const { kind, own, transport } = source;
  const { text, contentType } = sample;
  const filling = fillingOf({ visitor, own }, { same, now });
  const body = Buffer.from(fill(text, filling));
  const url = webhookUrl(relay.base, name);
  if (transport !== 'http') return { url, headers: { 'content-type': contentType }, body };
  return sign({ kind, url, body, contentType, keys, own, now, id: filling.seed, forge });
}
