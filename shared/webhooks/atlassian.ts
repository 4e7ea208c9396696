import { bodyKey, readBody, readEvents } from './body/generic-body.ts';
import { type TypedByHeader, withUnsignedType } from './body/unsigned-type.ts';
import type { HmacScheme } from './proof/hmac-scheme.ts';
import { signedBy } from './proof/signed-by.ts';
import { soleHeader } from './request.ts';
import { defineSource, type Source, type SourceOptions } from './source.ts';
import { textAt } from './text-at.ts';

/** GitHub's way under the older name of the header. */
const scheme: HmacScheme = {
  header: 'x-hub-signature',
  hash: 'sha256',
  encoding: 'hex',
  prefix: 'sha256=',
  signed: '{body}',
  key: 'text',
};

/** Jira may come again half an hour late, by its own announcement, and puts the time of the event into every body. */
const keySeconds = 60 * 60;

/**
 * Jira, which names the event in `body.webhookEvent`, and Bitbucket, which does so in an unsigned header. Neither signs
 * an id.
 */
export function atlassian(options: SourceOptions<TypedByHeader>): Source {
  return defineSource<TypedByHeader>(
    {
      kind: 'atlassian',
      ...signedBy(scheme, 'the secret of the webhook'),
      read(request) {
        const name = soleHeader(request, 'x-event-key');
        const type = (body: unknown) => textAt(body, 'webhookEvent') ?? name;
        return withUnsignedType(readEvents(readBody(request), { type }, bodyKey(request, keySeconds)), name);
      },
    },
    options,
  );
}
