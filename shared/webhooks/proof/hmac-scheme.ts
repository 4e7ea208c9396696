import * as z from 'zod/mini';
import { headerName } from './header-name.ts';
import { signs, template } from './hmac-template.ts';
import { windowMs } from './signature.ts';

const fieldName = z
  .string()
  .check(z.regex(/^[\w.-]{1,50}$/, 'must be the name of a field: letters, digits and - . _'));

/** How a vendor signs its requests with HMAC. */
export const hmacScheme = z
  .strictObject({
    /** Of the signature. */
    header: headerName,
    hash: z.enum(['sha1', 'sha256', 'sha512']),
    encoding: z.enum(['hex', 'base64', 'base64url']),
    /** Stands before the signature: `sha256=`. It never chooses the hash. */
    prefix: z.optional(
      z.string().check(z.regex(/^[\x21-\x7e]{1,50}$/, 'must be 1 to 50 ASCII characters, none a space')),
    ),
    /** The field of the signature, where the header holds several: `v1` of `t=…,v1=…`. */
    field: z.optional(fieldName),
    /** Between fields, a comma unless given; or between several signatures. Without it and `field` there is but one. */
    separator: z.optional(z.enum([',', ';', ' '])),
    /** The signed bytes: `{body}`, `{timestamp}`, `{id}`, `{url}`, `{method}` and text between. */
    signed: z._default(template, '{body}'),
    /** Where the signed time comes: in a header of its own, or in a field beside the signature. */
    timestamp: z.optional(
      z.strictObject({
        header: z.optional(headerName),
        field: z.optional(fieldName),
        unit: z._default(z.enum(['s', 'ms', 'rfc3339']), 's'),
        /** How far it may lie from our time, in either direction. */
        windowSeconds: z._default(
          z.int().check(z.gte(1, 'must be at least 1'), z.lte(86_400, 'must be at most 86400')),
          windowMs / 1_000,
        ),
      }),
    ),
    /** Where the signed id of the event comes. */
    idHeader: z.optional(headerName),
    /** How the key is written. */
    key: z._default(z.enum(['text', 'base64', 'hex']), 'text'),
  })
  .check(({ value, issues }) => {
    for (const [isSo, place, message] of clashes(value)) {
      if (isSo) issues.push({ code: 'custom', path: place.split('.'), message, input: value });
    }
  });

export type HmacScheme = z.infer<typeof hmacScheme>;

type Clash = readonly [isSo: unknown, place: string, message: string];

/** What each option may say by itself, and not beside the others. */
function clashes({ header, prefix, field, separator, signed, timestamp, idHeader }: HmacScheme): Clash[] {
  const signsTime = signs(signed, 'timestamp');
  const signsId = signs(signed, 'id');
  return [
    [signsTime && !timestamp, 'timestamp', 'is missing, though signed holds {timestamp}'],
    [timestamp && !signsTime, 'signed', 'must hold {timestamp}: an unsigned time proves nothing'],
    [signsId && !idHeader, 'idHeader', 'is missing, though signed holds {id}'],
    [idHeader && !signsId, 'signed', 'must hold {id}: an unsigned id names nothing'],
    [timestamp && !timestamp.header === !timestamp.field, 'timestamp', 'must have a header or a field'],
    [timestamp?.field && !field, 'field', 'is missing, though the timestamp is in a field'],
    [field && field === timestamp?.field, 'timestamp.field', 'must be another field'],
    [isSame(timestamp?.header, header), 'timestamp.header', 'must be another header'],
    [isSame(idHeader, header) || isSame(idHeader, timestamp?.header), 'idHeader', 'must be another header'],
    [prefix && field, 'prefix', 'cannot stand before a field'],
    [separator && prefix?.includes(separator), 'prefix', 'must not hold the separator'],
  ];
}

function isSame(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && one.toLowerCase() === other?.toLowerCase();
}
