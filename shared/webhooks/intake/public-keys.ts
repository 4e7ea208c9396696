import { isUtf8 } from 'node:buffer';

/** Of the documentation and the test vectors of vendors and standards: whoever can read, can sign with them. */
const published = [
  // Zendesk signs with it until a webhook has been created; beside it what it encodes, and what an older page signs with.
  'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==',
  'this_secret_is_for_testing_only',
  'HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA=',
  // Standard Webhooks; a pair for ed25519: the whole, the seed, the public key.
  'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  '6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
  '6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=',
  '1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=',
  // Svix
  'plJ3nmyCDGBKInavdOK15jsl',
  // HubSpot
  'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy',
  'cfc68c0b-4b4e-4ef8-b764-95350e4ea479',
  // Intercom
  'intercom-client-secret',
  // Segment
  'abc123',
  'sharedsecretvalue',
  // Twilio
  '12345',
  // GitHub
  "It's a Secret to Everybody",
  // Slack
  '8f742231b10e8888abcd99yyyzzz85a5',
  // Stripe
  'test_secret',
];

/** What people leave in place, or put there for the time being; a bar divides them. */
const leftInPlace = [
  'changeme|change this|replace me|placeholder|example|default|todo|tbd|none|null|undefined|unset',
  'secret|my secret|your secret|your secret here|shared secret|client secret|super secret|top secret',
  'signing secret|webhook secret|your webhook secret',
  'password|my password|your password|pass|passw0rd|letmein|qwerty|hunter2',
  'key|my key|api key|your api key|token|my token|your token|admin|user|root|guest',
  'test|testing|test123|test key|test token|foo|bar|foobar|abc',
  '123|1234|123456|1234567|12345678|123456789|1234567890',
].flatMap((line) => line.split('|'));

/** Without what people write in this way or that: upper case, signs and spaces; both base64 alphabets become one. */
function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

const known = new Set([...published, ...leftInPlace].map(plain));

/**
 * Whether it is known to everybody, in whatever way it is written: with a prefix or a scheme, as the password after
 * `user:`, in hexadecimal or base64, in other cases, or as but one character again and again.
 */
export function isPublicKey(key: string): boolean {
  const bare = withoutPrefix(key);
  const decoded = [Buffer.from(bare, 'base64'), Buffer.from(bare, 'hex')];
  // Only what is UTF-8 is taken for text: random bytes shall not look like a word.
  const encoded = decoded.flatMap((bytes) => [
    isUtf8(bytes) ? withoutPrefix(bytes.toString()) : '',
    bytes.toString('base64'),
  ]);
  return (
    bare === '' ||
    [bare, passwordOf(bare)].some((text) => isMonotone(text) || isMonotone(plain(text))) ||
    [bare, ...encoded].some((text) => known.has(plain(text)) || known.has(plain(passwordOf(text))))
  );
}

function withoutPrefix(key: string): string {
  return key.replace(/^(?:whsec_|whsk_|whpk_|(?:bearer|basic|token)(?: +|$))/i, '');
}

function isMonotone(text: string): boolean {
  return /^(.)\1*$/su.test(text);
}

function passwordOf(text: string): string {
  return text.slice(text.indexOf(':') + 1);
}
