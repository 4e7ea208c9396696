import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shopify } from '../../../shared/webhooks/shopify.ts';
import { tampered } from '../../support/tampered.ts';
import { webhookRequest } from '../../support/webhook.ts';

const source = shopify({ group: 12345, signal: () => null });
const key = 'the client secret of our app';

function delivery(body: string, headers: Readonly<Record<string, string>> = {}) {
  const signature = createHmac('sha256', key).update(body).digest('base64');
  return webhookRequest({
    body,
    headers: { 'X-Shopify-Hmac-Sha256': signature, 'X-Shopify-Topic': 'orders/create', ...headers },
  });
}

const order = '{"id":820982911946154508,"note_attributes":[{"name":"visitor","value":"v-1"}]}';

test('a signed order is authentic, and nothing that was changed on its way', () => {
  const request = delivery(order);
  expect(source.authenticate(request, { keys: [key] }, 0)).toBe('authentic');
  fc.assert(
    fc.property(tampered(request, 'x-shopify-hmac-sha256'), (changed) => {
      expect(source.authenticate(changed, { keys: [key] }, 0)).not.toBe('authentic');
    }),
  );
});

test('an id of 18 digits stays as it is', () => {
  expect(source.read(delivery(order)).events).toMatchObject([
    {
      type: 'orders.create',
      event: { unsignedType: 'orders/create', body: { id: '820982911946154508' } },
    },
  ]);
});

test('another unsigned id does not make another event of it, as long as Shopify sends again', () => {
  const [one, other] = ['1', '2'].map(
    (id) => source.read(delivery(order, { 'X-Shopify-Webhook-Id': id })).events[0],
  );
  expect(one).toEqual(other);
  expect(one?.keySeconds).toBe(4 * 3_600);
});

test('Shopify hears 200', () => {
  expect(source.answers).toMatchObject({ accepted: { status: 200 }, unreadable: { status: 200 } });
});
