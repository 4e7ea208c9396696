import { readEvents, readPayload } from './body/generic-body.ts';
import { type TypedByHeader, withUnsignedType } from './body/unsigned-type.ts';
import { objectOf } from './body/values.ts';
import type { HmacScheme } from './proof/hmac-scheme.ts';
import { signedBy, signedKey } from './proof/signed-by.ts';
import { soleHeader } from './request.ts';
import { defineSource, type Source, type SourceOptions } from './source.ts';
import { textAt } from './text-at.ts';

/** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
const scheme: HmacScheme = {
  header: 'x-hub-signature-256',
  hash: 'sha256',
  encoding: 'hex',
  prefix: 'sha256=',
  signed: '{body}',
  key: 'text',
};

/**
 * GitHub's webhooks, with either content type. It never sends one again by itself, and signs neither their names nor
 * their ids: `X-GitHub-Delivery` is no key for us.
 */
export function github(options: SourceOptions<TypedByHeader>): Source {
  return defineSource<TypedByHeader>(
    {
      kind: 'github',
      ...signedBy(scheme, 'the secret of the webhook'),
      read(request) {
        const body = readPayload(request);
        const name = soleHeader(request, 'x-github-event');
        if (isPing(body)) return { events: [] };
        const type = () => [name, textAt(body, 'action')].filter(Boolean).join('.');
        return withUnsignedType(readEvents(body, { type }, signedKey(request, scheme)), name);
      },
    },
    options,
  );
}

/** What comes when a webhook has been set up: no event of a repository has these two. */
function isPing(body: unknown): boolean {
  const { zen, hook_id } = objectOf(body);
  return typeof zen === 'string' && hook_id !== undefined;
}
