import { type BodyEvent, readBody, readEvents } from './body/generic-body.ts';
import type { HmacScheme } from './proof/hmac-scheme.ts';
import { signedBy, signedKey } from './proof/signed-by.ts';
import { defineSource, type Source, type SourceOptions } from './source.ts';
import { textAt } from './text-at.ts';

/** https://docs.stripe.com/webhooks/signature: `t=1492774577,v1=5257a8…`, several `v1` while a secret is being rolled. */
const scheme: HmacScheme = {
  header: 'stripe-signature',
  hash: 'sha256',
  encoding: 'hex',
  field: 'v1',
  signed: '{timestamp}.{body}',
  timestamp: { field: 't', unit: 's', windowSeconds: 300 },
  key: 'text',
};

/** Stripe. The secret is a text as it stands, though Standard Webhooks decode one that begins alike. */
export function stripe(options: SourceOptions<BodyEvent>): Source {
  return defineSource<BodyEvent>(
    {
      kind: 'stripe',
      ...signedBy(scheme, 'the signing secret of the endpoint (whsec_…)', (key) =>
        key.startsWith('whsec_') ? undefined : 'does not begin with whsec_',
      ),
      read: (request) =>
        readEvents(
          readBody(request),
          { id: (body) => textAt(body, 'id'), type: (body) => textAt(body, 'type') },
          signedKey(request, scheme),
        ),
    },
    options,
  );
}
