import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  fromBase64,
  fromBase64Url,
  fromHex,
  hmacFits,
  isStale,
  sameBytes,
  sameText,
  windowMs,
} from '../../../../shared/webhooks/proof/signature.ts';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 80 }).map((array) => Buffer.from(array));
const someBytes = fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array));
const hashes = fc.constantFrom('sha1' as const, 'sha256' as const, 'sha512' as const);

test('two texts are the same when they are equal and not empty, whatever their lengths', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
      expect(sameText(one, one)).toBe(one !== '');
      expect(sameText(one, other)).toBe(one === other && one !== '');
      expect(sameText(one, `${one}x`)).toBe(false);
    }),
  );
});

test('texts of as many characters, but of more bytes, are compared without an error', () => {
  expect(sameText('résumé', 'resume')).toBe(false);
  expect(sameText('é', 'e\u0301')).toBe(false);
});

test('bytes are compared without an error, whatever their lengths', () => {
  fc.assert(
    fc.property(someBytes, someBytes, (one, other) => {
      expect(sameBytes(one, other)).toBe(one.length > 0 && one.equals(other));
    }),
  );
});

test('a signature by any of the keys is good, wherever it stands among others', () => {
  const some = fc.array(bytes, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(hashes, some, fc.array(someBytes), some, fc.nat(), (hash, keys, parts, others, at) => {
      const key = keys[at % keys.length] ?? '';
      const good = createHmac(hash, key).update(Buffer.concat(parts)).digest();
      expect(hmacFits(hash, keys, parts, others)).toBe(false);
      expect(hmacFits(hash, keys, parts, others.toSpliced(at % (others.length + 1), 0, good))).toBe(true);
    }),
  );
});

test('a part of a signature, and one with more behind it, is none', () => {
  const good = createHmac('sha256', 'key').update('signed').digest();
  expect(hmacFits('sha256', ['key'], ['signed'], [good])).toBe(true);
  for (let length = 0; length < good.length; length += 1)
    expect(hmacFits('sha256', ['key'], ['signed'], [good.subarray(0, length)])).toBe(false);
  expect(hmacFits('sha256', ['key'], ['signed'], [Buffer.concat([good, Buffer.of(0)])])).toBe(false);
});

test('a key without a byte makes nothing authentic, as does no key', () => {
  const ofNothing = createHmac('sha256', '').update('signed').digest();
  expect(hmacFits('sha256', [''], ['signed'], [ofNothing])).toBe(false);
  expect(hmacFits('sha256', [Buffer.alloc(0)], ['signed'], [ofNothing])).toBe(false);
  expect(hmacFits('sha256', [], ['signed'], [ofNothing])).toBe(false);
});

test('hexadecimal digits of either case are read, and nothing else is', () => {
  fc.assert(
    fc.property(bytes, fc.boolean(), (given, upper) => {
      const text = given.toString('hex');
      expect(fromHex(upper ? text.toUpperCase() : text)).toEqual(given);
    }),
  );
  const nearly = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'0aFg =\n') }));
  fc.assert(
    fc.property(nearly, (text) => {
      const isHex =
        text.length > 0 && text.length % 2 === 0 && [...text].every((one) => /[0-9A-Fa-f]/.test(one));
      expect(fromHex(text)?.toString('hex')).toBe(isHex ? text.toLowerCase() : undefined);
    }),
  );
});

test.for(['', 'a', 'abc', '0x12', '12 34', '12\n', ' 12', '1g', 'zz', '１２'])(
  'the text %j is not hexadecimal, of which Node would read the beginning',
  (text) => {
    expect(fromHex(text)).toBeUndefined();
  },
);

const decoders = [
  ['base64', fromBase64, 'Aa+/=-_ \n'],
  ['base64url', fromBase64Url, 'Aa-_=+/ \n'],
] as const;

test.for(decoders)(
  '%s is read in one way of writing alone: no two texts have the same bytes',
  ([encoding, decode, characters]) => {
    fc.assert(
      fc.property(bytes, (given) => {
        expect(decode(given.toString(encoding))).toEqual(given);
      }),
    );
    const nearly = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...characters), maxLength: 8 }));
    fc.assert(
      fc.property(nearly, (text) => {
        const read = decode(text);
        expect(read === undefined || (read.length > 0 && read.toString(encoding) === text)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  },
);

test.for([
  '',
  '=',
  '====',
  'QQ',
  'QQ=',
  'QR==',
  'QUI',
  'QUK=',
  'QQ==\n',
  ' QQ==',
  'Q-_=',
  'QQ==QQ==',
  'Q!Q==',
])('the text %j is not base64, though Node would read it', (text) => {
  expect(fromBase64(text)).toBeUndefined();
});

test.for(['', 'QQ==', 'QR', 'Q+/8', 'QQ\n', 'Q'])(
  'the text %j is not base64url, though Node would read it',
  (text) => {
    expect(fromBase64Url(text)).toBeUndefined();
  },
);

test('a time is stale when it lies more than five minutes off, before or after', () => {
  const now = 1_700_000_000_000;
  expect(windowMs).toBe(300_000);
  for (const sign of [1, -1]) {
    expect(isStale(now + sign * 300_000, now)).toBe(false);
    expect(isStale(now + sign * 300_001, now)).toBe(true);
    expect(isStale(now + sign * 60_000, now, 60_000)).toBe(false);
    expect(isStale(now + sign * 60_001, now, 60_000)).toBe(true);
  }
});

test('a time that is no number is stale', () => {
  expect(isStale(Number.NaN, 1)).toBe(true);
  expect(isStale(Number.POSITIVE_INFINITY, 1)).toBe(true);
});
