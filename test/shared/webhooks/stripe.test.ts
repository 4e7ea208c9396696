import fc from 'fast-check';
import Stripe from 'stripe';
import { expect, test } from 'vitest';
import { stripe } from '../../../shared/webhooks/stripe.ts';
import { tampered } from '../../support/tampered.ts';
import { webhookRequest } from '../../support/webhook.ts';

const source = stripe({ group: 12345, signal: () => null });
const key = 'whsec_c2VjcmV0IG9mIG91ciBlbmRwb2ludA==';
const now = Date.parse('2026-03-01T12:00:00Z');
const seconds = now / 1_000;

const paid = '{"id":"evt_1","object":"event","type":"checkout.session.completed","data":{"object":{}}}';

/** Signed by Stripe's own library. */
function header(payload: string, timestamp = seconds, secret = key): string {
  return Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
}

function request(body: string, signature = header(body)) {
  return webhookRequest({ body, headers: { 'Stripe-Signature': signature } });
}

function verdict(given: ReturnType<typeof webhookRequest>, keys = [key]) {
  return source.authenticate(given, { keys }, now);
}

test('whatever its own library signs is authentic, and nothing that was changed on its way', () => {
  fc.assert(
    fc.property(fc.json(), fc.gen(), (body, gen) => {
      const given = request(body);
      expect(verdict(given)).toBe('authentic');
      expect(verdict(gen(() => tampered(given, 'stripe-signature')))).not.toBe('authentic');
    }),
  );
});

test('while a secret is being rolled, each of the two signatures will do', () => {
  const other = header(paid, seconds, 'whsec_another').split(',').at(-1);
  const [time, own] = header(paid).split(',');
  expect(verdict(request(paid, `${time},${other},${own}`))).toBe('authentic');
  expect(verdict(request(paid), ['whsec_another', key])).toBe('authentic');
});

test('a signature of the test scheme is none', () => {
  expect(verdict(request(paid, header(paid).replace('v1=', 'v0=')))).toBe('malformed');
});

test.for([
  ['five minutes old', -300, 'authentic'],
  ['older', -301, 'stale'],
  ['a day ahead', 86_400, 'stale'],
  ['ten years ahead', 315_360_000, 'stale'],
] as const)('a time %s', ([, offset, expected]) => {
  expect(verdict(request(paid, header(paid, seconds + offset)))).toBe(expected);
});

test('the event is named by its body', () => {
  expect(source.read(request(paid)).events).toEqual([
    { key: 'evt_1', type: 'checkout.session.completed', event: { body: JSON.parse(paid) } },
  ]);
});

test('the secret is a text as it stands, with its prefix', () => {
  expect(verdict(request(paid), [key.slice('whsec_'.length)])).toBe('mismatch');
  const { flaw } = source.lists.keys ?? {};
  expect([flaw?.(key), flaw?.('sk_live_x')]).toEqual([undefined, 'does not begin with whsec_']);
});

test('it says that there is replay protection', () => {
  expect(source).toMatchObject({ kind: 'stripe', hasReplayProtection: true, flaws: [] });
});
