import * as z from 'zod/mini';

const wholeSeconds = 'must be a whole number of seconds from 1 to 86400';

/**
 * For how long a signal shall wait for its visitor, in seconds: digits alone, as in RFC 8030, section 5.2.
 * https://www.rfc-editor.org/rfc/rfc8030#section-5.2
 */
const ttl = z.pipe(
  z.string().check(z.regex(/^0*\d{1,5}$/, wholeSeconds)),
  z.pipe(z.transform(Number), z.int(wholeSeconds).check(z.gte(1, wholeSeconds), z.lte(86_400, wholeSeconds))),
);

/**
 * Names a request, so that a repeat is known for one. The draft of the IETF puts it into quotes; whoever does so has
 * the quotes in the key. https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
const idempotencyKey = z
  .string()
  .check(z.regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters'));

/** What the relay adds to a signal of Glance's own form. */
export const signalHeaders = {
  TTL: {
    description:
      'Seconds: take the message on, keep it until the visitor is present, and deliver it then; after that time, no more.',
    schema: ttl,
  },
  'Idempotency-Key': {
    description:
      'A name for the request, of your own: a repeat with the same key gets the first answer and signals nobody twice. ' +
      'Remembered for 15 days.',
    schema: idempotencyKey,
  },
};
