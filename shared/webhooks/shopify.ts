import { bodyKey, readBody, readEvents } from './body/generic-body.ts';
import { type TypedByHeader, withUnsignedType } from './body/unsigned-type.ts';
import type { HmacScheme } from './proof/hmac-scheme.ts';
import { signedBy } from './proof/signed-by.ts';
import { soleHeader } from './request.ts';
import { defineSource, type Source, type SourceOptions } from './source.ts';

const scheme: HmacScheme = {
  header: 'x-shopify-hmac-sha256',
  hash: 'sha256',
  encoding: 'base64',
  signed: '{body}',
  key: 'text',
};

/** It sends again for four hours, the first body each time: https://shopify.dev/changelog/updates-to-webhook-retry-mechanism */
const keySeconds = 4 * 60 * 60;

const ok = { status: 200 };

/** Shopify. It signs neither the topic nor an id, nor whose shop it is. */
export function shopify(options: SourceOptions<TypedByHeader>): Source {
  return defineSource<TypedByHeader>(
    {
      kind: 'shopify',
      ...signedBy(scheme, 'the client secret of the app, or the key that the admin shows for its webhooks'),
      answers: { accepted: ok, unreadable: ok },
      read(request) {
        const topic = soleHeader(request, 'x-shopify-topic');
        const type = () => topic?.replaceAll('/', '.');
        const reading = readEvents(readBody(request), { type }, bodyKey(request, keySeconds));
        return withUnsignedType(reading, topic);
      },
    },
    options,
  );
}
