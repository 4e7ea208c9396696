import type { DeadReason } from '../../../shared/signals/dead-letter.ts';
import type { Signal } from '../../../shared/signals/signal.ts';
import { type MappingContext, mapEvent } from '../../../shared/webhooks/intake/map.ts';
import { type Reading, type Source, Unreadable } from '../../../shared/webhooks/source.ts';
import type { Answer } from './send.ts';
import type { SignedRequest } from './sign.ts';

/** What the relay will make of a webhook, if it has the relay.config.ts that is here. */
export interface Expected {
  /** Of the answer. */
  readonly status: number;
  readonly signals: readonly Signal[];
  /** Signals that the mapping made for nobody. */
  readonly unaddressed: number;
  /** What becomes a dead letter. */
  readonly parked: readonly { readonly reason: DeadReason; readonly detail: string }[];
}

export async function expect(request: SignedRequest, context: MappingContext): Promise<Expected> {
  const { source } = context;
  const reading = read(request, context);
  if (reading instanceof Unreadable) {
    const parked = [{ reason: 'unreadable' as const, detail: reading.message }];
    return { status: source.answers.unreadable.status, signals: [], unaddressed: 0, parked };
  }
  const faults = (reading.faults ?? []).map((detail) => ({ reason: 'unreadable' as const, detail }));
  const mapped = await Promise.all(reading.events.map((event) => mapEvent(event, context)));
  return {
    status: (reading.reply ?? source.answers.accepted).status,
    signals: mapped.flatMap((one) => ('signals' in one ? one.signals : [])),
    unaddressed: mapped.reduce((sum, one) => sum + ('signals' in one ? one.unaddressed : 0), 0),
    parked: [...faults, ...mapped.flatMap((one) => ('reason' in one ? one : []))],
  };
}

/** Whether the answer is the one for what was kept. The event bus has but one. */
export function isTaken({ status }: Answer, expected: Expected, { transport }: Source): boolean {
  return status === (transport === 'http' ? expected.status : 200);
}

function read({ url, headers, body }: SignedRequest, { source }: MappingContext): Reading | Unreadable {
  const { searchParams } = new URL(url);
  try {
    return source.read({
      method: 'POST',
      headers: new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value]])),
      query: new Map([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)])),
      body,
      url: url.replace(/\?.*$/s, ''),
    });
  } catch (error) {
    if (error instanceof Unreadable) return error;
    throw error;
  }
}
