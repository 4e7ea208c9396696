import * as z from 'zod/mini';
import {
  type BodyEvent,
  type BodyOptions,
  bodyKey,
  bodyOptions,
  readBody,
  readEvents,
} from './body/generic-body.ts';
import { headerName } from './proof/header-name.ts';
import { checkHeaderSecret, headerKeyFlaw } from './proof/shared-secret.ts';
import { defineSource, type Source, type SourceOptions } from './source.ts';

export interface HeaderSecretOptions extends BodyOptions {
  readonly header: string;
  /** Stands before the secret: `Bearer ` in `Authorization`. */
  readonly prefix?: string;
}

/** Any sender that can put a secret into a header. Whoever has seen one request can send as many as they like. */
export function headerSecret(options: SourceOptions<BodyEvent> & HeaderSecretOptions): Source {
  return defineSource<BodyEvent, HeaderSecretOptions>(
    {
      kind: 'header-secret',
      options: { header: headerName, prefix: z.optional(prefix), ...bodyOptions },
      authentication: 'a secret in a header',
      hasReplayProtection: false,
      lists: { keys: { of: 'what the header holds, after the prefix', flaw: headerKeyFlaw } },
      authenticate: (request, { keys = [] }, _, own) =>
        checkHeaderSecret(
          request,
          own.header,
          keys.map((key) => `${own.prefix ?? ''}${key}`),
        ),
      read: (request, own) => readEvents(readBody(request), own, bodyKey(request)),
    },
    options,
  );
}

const prefix = z
  .string()
  .check(
    z.regex(/^[\x21-\x7e]{1,50} ?$/, 'must be 1 to 50 ASCII characters, and one space at most after them'),
  );
