import { type BodyEvent, readBody, readEvents } from './body/generic-body.ts';
import type { HmacScheme } from './proof/hmac-scheme.ts';
import { signedBy, signedKey } from './proof/signed-by.ts';
import { defineSource, type Source, type SourceOptions } from './source.ts';
import { textAt } from './text-at.ts';

/** The header and the prefix are GitHub's; the signature is base64. */
const scheme: HmacScheme = {
  header: 'x-hub-signature-256',
  hash: 'sha256',
  encoding: 'base64',
  prefix: 'sha256=',
  signed: '{body}',
  key: 'text',
};

/** Genesys Cloud Open Messaging: what agents write to people. */
export function genesys(options: SourceOptions<BodyEvent>): Source {
  return defineSource<BodyEvent>(
    {
      kind: 'genesys',
      ...signedBy(scheme, 'the signature secret token of the integration'),
      read: (request) =>
        readEvents(
          readBody(request),
          { id, type: (body) => textAt(body, 'type') },
          signedKey(request, scheme),
        ),
    },
    options,
  );
}

/** A receipt may bear the id of the message that it is of, once for each status. */
function id(body: unknown): string | undefined {
  const message = textAt(body, 'id');
  return message && [message, textAt(body, 'type'), textAt(body, 'status')].join(' ');
}
