import type * as z from 'zod/mini';
import { type BodyEvent, type BodyOptions, bodyOptions, readBody, readEvents } from './body/generic-body.ts';
import { type HmacScheme, hmacScheme } from './proof/hmac-scheme.ts';
import { signedBy, signedKey } from './proof/signed-by.ts';
import { defineSource, type Source, type SourceOptions } from './source.ts';

export interface HmacOptions extends BodyOptions {
  /** How the sender signs. */
  readonly signature: z.input<typeof hmacScheme>;
}

/** With flaws in its options nothing comes of a source; until they are told, this stands in their place. */
const plain: HmacScheme = {
  header: 'x-signature',
  hash: 'sha256',
  encoding: 'hex',
  signed: '{body}',
  key: 'text',
};

/** Any sender that signs its requests with HMAC: a vendor without a function of its own, or your own back end. */
export function hmac(options: SourceOptions<BodyEvent> & HmacOptions): Source {
  const scheme = hmacScheme.safeParse(options.signature).data ?? plain;
  return defineSource<BodyEvent, HmacOptions>(
    {
      kind: 'hmac',
      options: { signature: hmacScheme, ...bodyOptions },
      ...signedBy(scheme, 'the key that the sender signs with'),
      read: (request, own) => readEvents(readBody(request), own, signedKey(request, scheme)),
    },
    options,
  );
}
