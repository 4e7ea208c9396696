import { readJson } from '../../shared/webhooks/body/json.ts';
import { sameText } from '../../shared/webhooks/proof/signature.ts';
import { soleHeader } from '../../shared/webhooks/request.ts';
import {
  defineSource,
  type SourceKind,
  type SourceOptions,
  Unreadable,
} from '../../shared/webhooks/source.ts';

export interface ToyEvent {
  readonly id: string;
  readonly visitor?: string;
  readonly [key: string]: unknown;
}

const kind: SourceKind<ToyEvent, object> = {
  kind: 'toy',
  authentication: 'a secret in the header x-key',
  hasReplayProtection: false,
  lists: { keys: { of: 'the secret' } },
  answers: {
    accepted: { status: 200, body: 'thanks' },
    unreadable: { status: 200, body: 'what?' },
    unavailable: { status: 503, headers: { 'retry-after': '7' } },
  },
  authenticate(request, keys) {
    const given = soleHeader(request, 'x-key');
    if (given === undefined) return 'missing';
    const fits = (keys.keys ?? []).some((key) => sameText(key, given));
    if (!fits) return 'mismatch';
    return soleHeader(request, 'x-stale') === undefined ? 'authentic' : 'stale';
  },
  read({ body }) {
    const all = readJson(body);
    if (!Array.isArray(all)) throw new Unreadable('the body is no list');
    const events = all.filter((one) => typeof one === 'object');
    return {
      events: events.map((event: ToyEvent) => ({ key: event.id, type: 'toy', event })),
      faults: all.filter((one) => typeof one !== 'object').map(() => 'an element is no object'),
    };
  },
};

/** A source of webhooks that is as simple as one can be: a secret in the header `x-key`, a list of events. */
export function toy(options: SourceOptions<ToyEvent>) {
  return defineSource(kind, options);
}

/** Signals the visitor that the event names. */
export function toVisitor({ visitor, id }: ToyEvent) {
  return { visitorid: visitor, message: { mtype: 'signal' as const, data: { id } } };
}
