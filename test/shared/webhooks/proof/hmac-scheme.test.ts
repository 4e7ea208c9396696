import { expect, test } from 'vitest';
import { flawsOf, flawText } from '../../../../shared/runtime/flaws.ts';
import { hmacScheme } from '../../../../shared/webhooks/proof/hmac-scheme.ts';

const usual = { header: 'X-Signature', hash: 'sha256', encoding: 'hex' };

function flawsIn(scheme: object): string[] {
  return flawsOf(hmacScheme.safeParse({ ...usual, ...scheme }, { reportInput: true }).error).map(flawText);
}

test('what is not said is as most senders have it', () => {
  expect(
    hmacScheme.parse({ ...usual, timestamp: { header: 'x-time' }, signed: '{timestamp}.{body}' }),
  ).toEqual({
    ...usual,
    signed: '{timestamp}.{body}',
    key: 'text',
    timestamp: { header: 'x-time', unit: 's', windowSeconds: 300 },
  });
});

test.for<[object, string]>([
  [{ header: 'x signature' }, 'header: must be the name of a header'],
  [{ header: undefined }, 'header: is missing'],
  [{ hash: 'md5' }, 'hash: must be "sha1" or "sha256" or "sha512"'],
  [{ encoding: 'utf8' }, 'encoding: must be "hex" or "base64" or "base64url"'],
  [{ prefix: '' }, 'prefix: must be 1 to 50 ASCII characters, none a space'],
  [{ separator: ':' }, 'separator: must be "," or ";" or " "'],
  [{ field: 'v=1' }, 'field: must be the name of a field: letters, digits and - . _'],
  [{ signed: '{url}' }, 'signed: must hold {body}'],
  [{ windowSeconds: 60 }, 'windowSeconds: is not known here'],
  [{ timestamp: { header: 'x-time', windowSeconds: 0 } }, 'timestamp.windowSeconds: must be at least 1'],
  [{ timestamp: { header: 'x-time', windowSeconds: 1e6 } }, 'timestamp.windowSeconds: must be at most 86400'],
  [{ timestamp: { header: 'x-time', unit: 'h' } }, 'timestamp.unit: must be "s" or "ms" or "rfc3339"'],
  [{ signed: '{timestamp}.{body}' }, 'timestamp: is missing, though signed holds {timestamp}'],
  [{ timestamp: { header: 'x-time' } }, 'signed: must hold {timestamp}: an unsigned time proves nothing'],
  [{ signed: '{id}.{body}' }, 'idHeader: is missing, though signed holds {id}'],
  [{ idHeader: 'x-id' }, 'signed: must hold {id}: an unsigned id names nothing'],
  [{ signed: '{timestamp}.{body}', timestamp: {} }, 'timestamp: must have a header or a field'],
  [
    { signed: '{timestamp}.{body}', field: 'v1', timestamp: { header: 'x-time', field: 't' } },
    'timestamp: must have a header or a field',
  ],
  [
    { signed: '{timestamp}.{body}', timestamp: { field: 't' } },
    'field: is missing, though the timestamp is in a field',
  ],
  [
    { signed: '{timestamp}.{body}', field: 't', timestamp: { field: 't' } },
    'timestamp.field: must be another field',
  ],
  [
    { signed: '{timestamp}.{body}', timestamp: { header: 'x-signature' } },
    'timestamp.header: must be another header',
  ],
  [{ signed: '{id}.{body}', idHeader: 'x-signature' }, 'idHeader: must be another header'],
  [
    { signed: '{id}.{timestamp}.{body}', idHeader: 'X-Time', timestamp: { header: 'x-time' } },
    'idHeader: must be another header',
  ],
  [{ field: 'v1', prefix: 'sha256=' }, 'prefix: cannot stand before a field'],
  [{ separator: ',', prefix: 'v1,' }, 'prefix: must not hold the separator'],
])('%j: %s', ([scheme, flaw]) => {
  expect(flawsIn(scheme)).toContain(flaw);
});

test('all that is wrong is told at once', () => {
  expect(flawsIn({ signed: '{id}{timestamp}', header: 'x signature' })).toEqual([
    'header: must be the name of a header',
    'signed: must hold {body}',
    'signed: must have text between {id} and what stands beside it',
    'timestamp: is missing, though signed holds {timestamp}',
    'idHeader: is missing, though signed holds {id}',
  ]);
});
