import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPublicKey } from '../../../../shared/webhooks/intake/public-keys.ts';

/** As they stand in the documents. */
const texts = {
  'Zendesk, while a webhook is being made': 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==',
  'Zendesk, another page': 'HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA=',
  'HubSpot v1 and v2': 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy',
  'HubSpot v3': 'cfc68c0b-4b4e-4ef8-b764-95350e4ea479',
  Intercom: 'intercom-client-secret',
  Segment: 'abc123',
  Twilio: '12345',
  GitHub: "It's a Secret to Everybody",
  Slack: '8f742231b10e8888abcd99yyyzzz85a5',
  Stripe: 'whsec_test_secret',
};
/** Whose bytes are the key. */
const encoded = {
  'Standard Webhooks': 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  'Standard Webhooks, private and public key':
    '6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
  'Standard Webhooks, seed of the private key': '6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=',
  'Standard Webhooks, public key': '1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=',
  Svix: 'plJ3nmyCDGBKInavdOK15jsl',
};

describe('a key that a vendor has published is known to everybody', () => {
  test.for(Object.entries(texts))('%s: as text, in hexadecimal and in base64', ([, key]) => {
    const bytes = Buffer.from(key);
    const ways = [key, ...(['hex', 'base64', 'base64url'] as const).map((way) => bytes.toString(way))];
    expect(ways.filter((way) => !isPublicKey(way))).toEqual([]);
  });

  test.for(Object.entries(encoded))(
    '%s: with and without its prefix, in any encoding of its bytes',
    ([, key]) => {
      const bytes = Buffer.from(key, 'base64');
      const ways = [key, key.replace(/=+$/, ''), bytes.toString('base64url'), bytes.toString('hex')];
      const prefixed = ways.flatMap((way) => ['', 'whsec_', 'whsk_', 'whpk_'].map((prefix) => prefix + way));
      expect(prefixed.filter((way) => !isPublicKey(way))).toEqual([]);
    },
  );
});

test.for([
  ...[
    'changeme',
    'CHANGE_ME',
    'Change me!',
    'secret',
    'Secret',
    'your-webhook-secret',
    'password',
    'test',
    'whsec_',
    'Bearer',
  ],
  ...[
    'whsec_changeme',
    'whsec_xxxxxxxxxxxxxxxx',
    '...',
    '…',
    '********',
    'xxxx-xxxx-xxxx',
    '0',
    'Bearer changeme',
    'bearer  token',
  ],
  ...['admin:admin', 'user:password', 'relay:changeme', 'relay:********', 'Y2hhbmdlbWU=', '6368616e67656d65'],
  `Basic ${Buffer.from('relay:changeme').toString('base64')}`,
])('%s is known to everybody', (key) => {
  expect(isPublicKey(key)).toBe(true);
});

test.for([
  ...[
    'correct horse battery staple',
    'changeme-9f3d1c',
    'relay:correct horse',
    'Пароль посложнее',
    '密码',
    'Bearer !$%&/()=?',
  ],
  'Bearer 5f0c2d9e77',
])('%s is not', (key) => {
  expect(isPublicKey(key)).toBe(false);
});

test('random bytes with a word among them are not', () => {
  const bytes = Buffer.concat([Buffer.from([0xff, 0x80]), Buffer.from('test'), Buffer.from([0xfe, 0xc0])]);
  expect(['hex' as const, 'base64' as const].map((way) => isPublicKey(bytes.toString(way)))).toEqual([
    false,
    false,
  ]);
});

test('a key that somebody has drawn by lot is never taken for one of them', () => {
  const encoding = fc.constantFrom('hex' as const, 'base64' as const, 'base64url' as const);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 64 }), encoding, (bytes, way) => {
      fc.pre(new Set(bytes).size > 8);
      expect(isPublicKey(Buffer.from(bytes).toString(way))).toBe(false);
    }),
    { numRuns: 1_000 },
  );
});
