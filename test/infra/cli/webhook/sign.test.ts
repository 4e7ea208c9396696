import { createHash } from 'node:crypto';
import { Signature } from '@hubspot/api-client';
import { verify as verifyGitHub } from '@octokit/webhooks-methods';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as SvixWebhook } from 'svix';
import twilio from 'twilio';
import { describe, expect, test } from 'vitest';
import { sign } from '../../../../infra/cli/webhook/sign.ts';

const url = 'https://relay.shop.example/webhooks/crm';
const now = Date.now();

interface Given {
  readonly key: string;
  readonly body: string;
  readonly own?: object;
  readonly now?: number;
  readonly contentType?: string;
  readonly forge?: boolean;
}

/** Signed by this program. */
function signed(kind: string, { key, body, own = {}, forge = false, ...given }: Given) {
  const keys = { keys: [key], batch: ['Bearer second'] };
  return sign({
    ...{ kind, url, keys, forge, now, contentType: 'application/json', id: 'a-b-c' },
    body: Buffer.from(body),
    own: { ...own },
    ...given,
  });
}

const body = fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify({ text }));
const secret = fc.base64String({ minLength: 32, maxLength: 44 }).filter((text) => text.length > 0);

describe('the library of the vendor itself takes what is signed here:', () => {
  test('HubSpot', () => {
    fc.assert(
      fc.property(secret, body, (key, text) => {
        const { headers } = signed('hubspot', { key, body: text });
        const valid = Signature.isValid({
          clientSecret: key,
          signature: headers['x-hubspot-signature-v3'] ?? '',
          signatureVersion: 'v3',
          requestBody: text,
          method: 'POST',
          url,
          timestamp: Number(headers['x-hubspot-request-timestamp']),
        });
        expect(valid).toBe(true);
      }),
    );
  });

  test.for(['v1', 'v2'])('HubSpot, where relay.config.ts allows %s alone', (version) => {
    const { headers } = signed('hubspot', { key: 'a-secret', body: '{}', own: { versions: [version] } });
    const valid = Signature.isValid({
      clientSecret: 'a-secret',
      signature: headers['x-hubspot-signature'] ?? '',
      signatureVersion: headers['x-hubspot-signature-version'] ?? '',
      requestBody: '{}',
      method: 'POST',
      url,
    });
    expect(valid).toBe(true);
  });

  test('Standard Webhooks, and Svix', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), body, (bytes, text) => {
        const key = `whsec_${Buffer.from(bytes).toString('base64')}`;
        const { headers } = signed('standard-webhooks', { key, body: text });
        expect(() => new Webhook(key).verify(text, { ...headers })).not.toThrow();
        expect(() => new SvixWebhook(key).verify(text, { ...headers })).not.toThrow();
      }),
    );
  });

  test('Stripe', () => {
    const key = 'whsec_text-not-base64';
    const text = '{"object":"event","id":"evt_1"}';
    const { headers } = signed('stripe', { key, body: text });
    const event = new Stripe('none').webhooks.constructEvent(text, headers['stripe-signature'] ?? '', key);
    expect(event.id).toBe('evt_1');
  });

  test('GitHub', async () => {
    const { headers } = signed('github', { key: 'a-secret', body: 'é' });
    expect(await verifyGitHub('a-secret', 'é', headers['x-hub-signature-256'] ?? '')).toBe(true);
  });

  test('Twilio, forms and JSON', () => {
    const form = 'From=%2B14158675309&Body=a+b%20c&Zeta=1&alpha=%C3%A9';
    const key = '12345';
    const ofForm = signed('twilio', { key, body: form, contentType: 'application/x-www-form-urlencoded' });
    const fields = Object.fromEntries(new URLSearchParams(form));
    expect(twilio.validateRequest(key, ofForm.headers['x-twilio-signature'] ?? '', url, fields)).toBe(true);
    const ofJson = signed('twilio', { key, body: '{"a":1}' });
    const signature = ofJson.headers['x-twilio-signature'] ?? '';
    expect(twilio.validateRequestWithBody(key, signature, ofJson.url, '{"a":1}')).toBe(true);
  });
});

/** Published by the vendors, or by those who know them. */
describe('what is published comes out:', () => {
  test('Zendesk', () => {
    const { headers } = signed('zendesk', {
      key: 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==',
      body: '{"event":"ticket.updated","id":123}',
      now: Date.parse('2021-03-25T05:09:27Z'),
    });
    expect(headers).toMatchObject({
      'x-zendesk-webhook-signature': 'S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM=',
      'x-zendesk-webhook-signature-timestamp': '2021-03-25T05:09:27Z',
    });
  });

  test('Slack', () => {
    const { headers } = signed('slack', {
      key: '8f742231b10e8888abcd99yyyzzz85a5',
      body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
      now: 1_531_420_618_000,
    });
    expect(headers['x-slack-signature']).toBe(
      'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    );
  });

  test('Segment', () => {
    const { headers } = signed('segment', { key: 'abc123', body: '{ "cool": true }' });
    expect(headers['x-signature']).toBe('5099cab379b3be52908387457007040cc934ef86');
  });

  test('Intercom', () => {
    const { headers } = signed('intercom', {
      key: 'intercom-client-secret',
      body: '{"type":"notification_event","app_id":"abc123","data":{"type":"notification_event_data","item":{"type":"conversation","id":"12345"}},"links":{},"id":"notif_01","topic":"conversation.user.created","delivery_status":"pending","delivery_attempts":1,"delivered_at":0,"first_sent_at":1700000000,"created_at":1700000000,"self":null}',
    });
    expect(headers['x-hub-signature']).toBe('sha1=c7e9a99aa93f194e48107bdab37a2b98fff1e1df');
  });
});

describe('a sender of one’s own signs as relay.config.ts says:', () => {
  const hmac = (signature: object, key = 'a-secret') =>
    signed('hmac', { key, body: 'b', now: 1_700_000_000_123, own: { signature } }).headers;
  const plain = { header: 'x-signature', hash: 'sha256', encoding: 'hex' };
  const ofBody = createHmacHex('a-secret', 'b');

  test('the body alone, with a prefix', () => {
    expect(hmac({ ...plain, prefix: 'sha256=' })['x-signature']).toBe(`sha256=${ofBody}`);
  });

  test('a time and an id in headers of their own', () => {
    const headers = hmac({
      ...plain,
      signed: '{id}.{timestamp}.{method}.{url}.{body}',
      timestamp: { header: 'x-time', unit: 'ms' },
      idHeader: 'x-id',
    });
    expect([headers['x-time'], headers['x-id']]).toEqual(['1700000000123', 'abc']);
    expect(headers['x-signature']).toBe(createHmacHex('a-secret', `abc.1700000000123.POST.${url}.b`));
  });

  test('fields of one header, and a key in hexadecimal', () => {
    const fields = { field: 'v1', signed: '{timestamp}.{body}', timestamp: { field: 't' }, key: 'hex' };
    const headers = hmac({ ...plain, ...fields }, '612d736563726574');
    expect(headers['x-signature']).toBe(`t=1700000000,v1=${createHmacHex('a-secret', '1700000000.b')}`);
  });
});

/** HMAC as RFC 2104 defines it, for keys and hashes of this size. */
function createHmacHex(key: string, text: string): string {
  const padded = Buffer.concat([Buffer.from(key)], 64);
  const pad = (other: number) => padded.map((byte) => byte ^ other);
  const inner = createHash('sha256').update(pad(0x36)).update(text).digest();
  return createHash('sha256').update(pad(0x5c)).update(inner).digest('hex');
}

test('who forges changes the body or knows no key, and the rest stays as it was', () => {
  const body = '{"a":"b"}';
  const github = (forge: boolean) => signed('github', { key: 'a-secret', body, forge });
  expect(github(true).headers).toEqual(github(false).headers);
  expect(github(true).body.toString()).toBe('{"`":"b"}');
  const header = (forge: boolean) =>
    signed('header-secret', { key: 'a-secret', body, forge, own: { header: 'x-key' } });
  expect(header(true).body).toEqual(header(false).body);
  expect([header(false).headers['x-key'], header(true).headers['x-key']]).toEqual(['a-secret', 'a-secrex']);
});
