import * as z from 'zod/mini';
import {
  type BodyEvent,
  type BodyOptions,
  bodyKey,
  bodyOptions,
  readBody,
  readEvents,
} from './body/generic-body.ts';
import { placeOf, pointerForm, removeAt } from './body/pointer.ts';
import { tooShort } from './proof/shared-secret.ts';
import { sameText } from './proof/signature.ts';
import type { WebhookRequest } from './request.ts';
import { defineSource, type Source, type SourceOptions, Unreadable, type Verdict } from './source.ts';
import { textAt } from './text-at.ts';

export interface BodyTokenOptions extends BodyOptions {
  /** Where the token stands in the body, as a JSON pointer: `/token`. */
  readonly at: string;
}

/** Any sender that puts a secret into its bodies, as Zoho CRM does. Neither a mapping nor a dead letter gets to see it. */
export function bodyToken(options: SourceOptions<BodyEvent> & BodyTokenOptions): Source {
  return defineSource<BodyEvent, BodyTokenOptions>(
    {
      kind: 'body-token',
      options: { at: pointer, ...bodyOptions },
      proofIsInBody: true,
      // Zoho's are of some hundred bytes.
      maxBytes: 65_536,
      authentication: 'a token in the body',
      hasReplayProtection: false,
      lists: { keys: { of: 'the token in the bodies', flaw: tooShort } },
      authenticate: (request, { keys = [] }, _, { at }) => check(request, placeOf(at), keys),
      read(request, own) {
        const body = readBody(request);
        removeAt(body, placeOf(own.at));
        return readEvents(body, own, bodyKey(request));
      },
    },
    options,
  );
}

const pointer = z.string().check(z.regex(pointerForm, 'must be a JSON pointer, such as /token'));

function check(request: WebhookRequest, place: readonly string[], keys: readonly string[]): Verdict {
  const body = parsed(request);
  if (!body) return 'malformed';
  const token = textAt(body.value, ...place);
  if (!token) return 'missing';
  return keys.map((key) => sameText(key, token)).some((same) => same) ? 'authentic' : 'mismatch';
}

function parsed(request: WebhookRequest): { readonly value: unknown } | undefined {
  try {
    return { value: readBody(request) };
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}
