import * as z from 'zod/mini';
import { digestSeconds } from './body/generic-body.ts';
import { isJsonObject, loggedType, readJson } from './body/json.ts';
import { headerName } from './proof/header-name.ts';
import { checkHeaderSecret, headerKeyFlaw } from './proof/shared-secret.ts';
import { digestOf } from './request.ts';
import {
  defineSource,
  type ReadEvent,
  type Reading,
  type Source,
  type SourceOptions,
  Unreadable,
} from './source.ts';

/** The JSON that a flow or Apex code has sent; of a list, each object is an event. */
export type Callout = Readonly<Record<string, unknown>>;

interface Own {
  /** The header that brings the secret; `x-relay-key` unless given. */
  readonly header?: string;
  /**
   * What tells this event from all others: a text or a number. Without it, a body that comes again within five minutes
   * counts as the same event.
   */
  readonly id?: (body: Callout) => unknown;
  /** What the log calls this kind of event: a short word, and never anything of a person. `callout` unless given. */
  readonly type?: (body: Callout) => unknown;
}

const method = z.optional(
  z.custom<(body: Callout) => unknown>((value) => typeof value === 'function', {
    error: 'must be a function',
  }),
);

const usualHeader = 'x-relay-key';

/** HTTP callouts of Salesforce flows and of Apex, with a secret in a header, as its named credentials can send it. */
export function salesforceCallout(options: SourceOptions<Callout> & Own): Source {
  return defineSource<Callout, Own>(
    {
      kind: 'salesforce-callout',
      options: { header: z.optional(headerName), id: method, type: method },
      authentication: ({ header = usualHeader }) => `a secret in the header ${header}`,
      hasReplayProtection: false,
      lists: ({ header = usualHeader }) => ({
        keys: { of: `the secret that the callout sends as ${header}`, flaw: headerKeyFlaw },
      }),
      // Nobody repeats a callout, and its author alone can mend it: so the author is told, though it is put down as well.
      answers: { unreadable: { status: 400 } },
      authenticate: (request, { keys = [] }, _, { header = usualHeader }) =>
        checkHeaderSecret(request, header, keys),
      read: ({ body }, own) => readCallouts(body, own),
    },
    options,
  );
}

function readCallouts(body: Buffer, own: Own): Reading<Callout> {
  const json = readJson(body);
  const digest = digestOf(body);
  const events: ReadEvent<Callout>[] = [];
  const faults: string[] = [];
  const items: readonly unknown[] = Array.isArray(json) ? json : [json];
  for (const [at, item] of items.entries()) {
    try {
      events.push(eventOf(item, `${digest}:${at}`, own));
    } catch (error) {
      const fault = error instanceof Unreadable ? error.message : 'the configured id or type throws for it';
      faults.push(`object ${at + 1}: ${fault}`);
    }
  }
  if (events.length === 0 && faults.length > 0) throw new Unreadable(faults.join('; '));
  return { events, faults };
}

function eventOf(event: unknown, digest: string, { id, type }: Own): ReadEvent<Callout> {
  if (!isJsonObject(event)) throw new Unreadable('is none');
  const key = id?.(event);
  const name = type?.(event);
  const hasKey = (typeof key === 'string' && key !== '') || Number.isFinite(key);
  return {
    ...(hasKey ? { key: String(key) } : { key: digest, keySeconds: digestSeconds }),
    type: name === undefined ? 'callout' : loggedType(name),
    event,
  };
}
