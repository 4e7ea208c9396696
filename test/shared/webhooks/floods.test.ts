import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { withSamples } from '../../../infra/local/samples.ts';
import { bodyToken } from '../../../shared/webhooks/body-token.ts';
import type { Source } from '../../../shared/webhooks/source.ts';
import { standardWebhooks } from '../../../shared/webhooks/standard-webhooks.ts';
import { twilio } from '../../../shared/webhooks/twilio.ts';
import { webhookRequest } from '../../support/webhook.ts';

const url = 'https://relay.example.com/webhooks/any';
const none: Record<string, Source> = {};
const { webhooks: sources } = withSamples({ groups: { 12345: {} }, webhooks: none });

/** As large as API Gateway and Lambda let through. */
const most = 4_400_000;
const filled = (unit: string) => Buffer.from(unit.repeat(Math.floor(most / unit.length)));
const hostile = {
  'fields without a value': filled('a&'),
  'escaped fields': filled('%61&'),
  'other names': Buffer.from(Array.from({ length: 500_000 }, (_, at) => `a${at}&`).join('')),
  'lists of lists': Buffer.from(`[${'[],'.repeat(1_000_000)}[]]`),
  'deep lists': filled('['),
  'deep elements': filled('<a>'),
  'white space': filled(' '),
  'random bytes': randomBytes(most),
};

const headers = {
  'content-type': 'application/x-www-form-urlencoded',
  authorization: 'Basic dXNlcjpwYXNzd29yZA==',
  'x-twilio-signature': Buffer.alloc(20, 1).toString('base64'),
  'webhook-id': 'msg_1',
  'webhook-timestamp': '1614265330',
  'webhook-signature': Array.from(
    { length: 100 },
    (_, at) => `v1a,${Buffer.alloc(64, at).toString('base64')}`,
  ),
  'x-hub-signature-256': `sha256=${'0'.repeat(64)}`,
  'x-signature': '0'.repeat(40),
};

const keysFor = (name: string) =>
  Object.fromEntries(
    Object.keys(sources[name]?.lists ?? {}).map((list) => [list, ['nobody knows this key']]),
  );

describe.each(Object.keys(sources))('%s', (name) => {
  test.each(Object.entries(hostile))('refuses %s without a long look', (_, body) => {
    const began = performance.now();
    const verdict = sources[name]?.authenticate(
      webhookRequest({ headers, body, url }),
      keysFor(name),
      Date.now(),
    );
    expect(verdict).toMatch(/^(missing|malformed|mismatch)$/);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

test('a token in a body that is too large is not looked for', () => {
  const source = bodyToken({ group: 1, signal: () => null, at: '/token', maxBytes: 2_000 });
  const token = 'a token of some length';
  const judge = (more: string) =>
    source.authenticate(webhookRequest({ body: { token, more } }), { keys: [token] }, 0);
  expect(judge('x'.repeat(1_900))).toBe('authentic');
  expect(judge('x'.repeat(2_000))).toBe('malformed');
});

test('a form with too many fields is not looked at', () => {
  const source = twilio({ group: 1, signal: () => null });
  const signed = { 'x-twilio-signature': Buffer.alloc(20, 1).toString('base64') };
  const judge = (fields: number) =>
    source.authenticate(
      webhookRequest({ headers: { ...signed }, body: Array(fields).fill('a=1').join('&'), url }),
      { keys: ['0123456789abcdef0123456789abcdef'] },
      0,
    );
  expect([judge(1_000), judge(1_001)]).toEqual(['mismatch', 'malformed']);
});

test('of many signatures by ed25519, a few are looked at', () => {
  const source = standardWebhooks({ group: 1, signal: () => null });
  const keys = { keys: [`whpk_${Buffer.alloc(32, 7).toString('base64')}`] };
  const many = { ...headers, 'content-type': 'application/json' };
  const began = performance.now();
  expect(source.authenticate(webhookRequest({ headers: many, body: filled('x') }), keys, 0)).toBe('mismatch');
  expect(performance.now() - began).toBeLessThan(1_000);
});
