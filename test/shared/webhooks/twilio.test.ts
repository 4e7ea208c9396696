import fc from 'fast-check';
import { getExpectedBodyHash, getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { describe, expect, test } from 'vitest';
import { Unreadable } from '../../../shared/webhooks/source.ts';
import { twilio } from '../../../shared/webhooks/twilio.ts';
import { tampered } from '../../support/tampered.ts';
import { webhookRequest } from '../../support/webhook.ts';

const source = twilio({ group: 12345, signal: () => null });
const key = '0123456789abcdef0123456789abcdef';
const url = 'https://relay.example.com/webhooks/twilio';

type Params = Readonly<Record<string, string | readonly string[]>>;

/** A form in the order of its names, signed by Twilio's own library, perhaps for another spelling of the address. */
function form(params: Params, signedUrl = url) {
  const pairs = Object.entries(params).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
  return webhookRequest({
    url,
    body: new URLSearchParams(pairs).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      'X-Twilio-Signature': getExpectedTwilioSignature(key, signedUrl, params),
    },
  });
}

/** JSON with its hash in the query, signed likewise. */
function json(content: unknown, bodySHA256 = getExpectedBodyHash(JSON.stringify(content))) {
  return webhookRequest({
    url,
    query: { bodySHA256 },
    body: JSON.stringify(content),
    headers: {
      'content-type': 'application/json',
      'X-Twilio-Signature': getExpectedTwilioSignature(key, `${url}?bodySHA256=${bodySHA256}`, {}),
    },
  });
}

function verdict(request: ReturnType<typeof webhookRequest>, keys = [key]) {
  return source.authenticate(request, { keys }, 0);
}

const delivered = { MessageSid: 'SM1', MessageStatus: 'delivered', To: '+14155550100' };

describe('forms', () => {
  test("the example of Twilio's documents is authentic", () => {
    const request = webhookRequest({
      url: 'https://mycompany.com/myapp.php?foo=1&bar=2',
      headers: { 'X-Twilio-Signature': 'RSOYDt4T1cUTdK1PDd93/VVr8B8=' },
      body: 'CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212',
    });
    expect(verdict(request, ['12345'])).toBe('authentic');
  });

  test('whatever its own library signs is authentic, however names are called, repeated and ordered', () => {
    const name = fc.oneof(
      fc.constantFrom('a', 'Z', '__proto__', '?', 'é', '\uffff', '😀'),
      fc.string({ unit: 'grapheme' }),
    );
    const value = fc.string({ unit: 'grapheme' });
    const values = fc.oneof(value, fc.array(value, { minLength: 2, maxLength: 4 }));
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(name, values), { minLength: 1, selector: ([each]) => each }),
        (params) => {
          expect(verdict(form(Object.fromEntries(params)))).toBe('authentic');
        },
      ),
    );
  });

  test('nothing that reads otherwise is authentic', () => {
    const request = form(delivered);
    fc.assert(
      fc.property(tampered(request, 'x-twilio-signature'), (changed) => {
        fc.pre(changed.headers !== request.headers || fieldsIn(changed.body) !== fieldsIn(request.body));
        expect(verdict(changed)).not.toBe('authentic');
      }),
    );
  });

  test('a body that is no form is refused, and nothing is thrown', () => {
    const { headers } = form(delivered);
    for (const body of [Buffer.alloc(0), Buffer.from([0xff, 0x3d])]) {
      expect(verdict({ ...form(delivered), headers, body })).toBe('malformed');
    }
  });

  test('the default port may be signed or not, whether it is configured or not', () => {
    const withPort = 'https://relay.example.com:443/webhooks/twilio';
    expect(verdict(form(delivered, withPort))).toBe('authentic');
    expect(verdict({ ...form(delivered, withPort), url: withPort })).toBe('authentic');
    expect(verdict({ ...form(delivered), url: withPort })).toBe('authentic');
    expect(verdict(form(delivered, 'https://relay.example.com:8443/webhooks/twilio'))).toBe('mismatch');
  });

  test('a port of your own is signed or left away', () => {
    const local = 'http://127.0.0.1:4000/webhooks/twilio';
    expect(verdict({ ...form(delivered, local), url: local })).toBe('authentic');
    expect(verdict({ ...form(delivered, 'http://127.0.0.1/webhooks/twilio'), url: local })).toBe('authentic');
    expect(verdict({ ...form(delivered, 'http://127.0.0.1:80/webhooks/twilio'), url: local })).toBe(
      'mismatch',
    );
  });

  test('another address is another request', () => {
    expect(verdict(form(delivered, `${url}2`))).toBe('mismatch');
    expect(verdict({ ...form(delivered), url: undefined })).toBe('malformed');
  });

  test('it is one event of texts, whose key stays however the form is written', () => {
    const request = form(delivered);
    const [event] = source.read(request).events;
    expect(event).toMatchObject({ type: 'message.delivered', keySeconds: 300, event: { body: delivered } });
    // The same fields in another order and with other escapes: the signature still fits.
    const other = {
      ...request,
      body: Buffer.from('To=%2b14155550100&MessageStatus=delivere%64&MessageSid=SM1'),
    };
    expect(verdict(other)).toBe('authentic');
    expect(source.read(other).events[0]?.key).toBe(event?.key);
    expect(source.read(form({ ...delivered, MessageStatus: 'read' })).events[0]?.key).not.toBe(event?.key);
  });

  test('a repeated field is a list', () => {
    const request = form({ MediaUrl: ['b', 'a', 'b'] });
    expect(source.read(request).events[0]?.event).toEqual({ body: { MediaUrl: ['b', 'a', 'b'] } });
  });

  test.for([
    [{ SmsStatus: 'received' }, 'message.received'],
    [{ CallStatus: 'completed' }, 'call.completed'],
    [{ EventType: 'onMessageAdded' }, 'onMessageAdded'],
    [{ Digits: '7' }, 'event'],
  ] as const)('%j is called %s', ([params, type]) => {
    expect(source.read(form(params)).events[0]?.type).toBe(type);
  });
});

describe('JSON', () => {
  const events = [
    { specversion: '1.0', type: 'com.twilio.messaging.message.read', id: 'EZ1', data: { to: '+1' } },
    { specversion: '1.0', type: 'com.twilio.messaging.message.read', id: 'EZ2', data: { to: '+2' } },
  ];

  test("the example of Twilio's library is authentic, as far as an address without a query goes", () => {
    const hash = '0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620';
    const body = '{"property": "value", "boolean": true}';
    const request = webhookRequest({
      url: 'https://mycompany.com/myapp.php',
      query: { bodySHA256: hash },
      body,
      headers: {
        'X-Twilio-Signature': getExpectedTwilioSignature(
          '12345',
          `https://mycompany.com/myapp.php?bodySHA256=${hash}`,
          {},
        ),
      },
    });
    expect(verdict(request, ['12345'])).toBe('authentic');
  });

  test('nothing that was changed on its way is authentic', () => {
    fc.assert(
      fc.property(tampered(json(events), 'x-twilio-signature'), (changed) => {
        expect(verdict(changed)).not.toBe('authentic');
      }),
    );
  });

  test('the hash of another body is refused, though it is signed', () => {
    expect(verdict(json(events, getExpectedBodyHash('[]')))).toBe('mismatch');
  });

  test.for<[string, Readonly<Record<string, string | string[]>>]>([
    ['another one beside the hash', { foo: '1' }],
    ['the hash twice', { bodySHA256: ['a'.repeat(64), 'a'.repeat(64)] }],
    ['a hash in capitals', { bodySHA256: 'A'.repeat(64) }],
    ['a short hash', { bodySHA256: 'a'.repeat(63) }],
    ['no hash', { bodySHA256: '' }],
    ['its own name in other letters', { bodysha256: 'a'.repeat(64) }],
  ])('a query with %s is refused', ([, query]) => {
    const more = new Map(Object.entries(query).map(([name, value]) => [name, [value].flat()]));
    expect(verdict({ ...json(events), query: new Map([...json(events).query, ...more]) })).toBe('malformed');
    expect(verdict({ ...form(delivered), query: more })).toBe('malformed');
  });

  test('a form cannot pass for JSON, nor JSON for a form', () => {
    const { query } = json(events);
    expect(verdict({ ...form(delivered), query })).toBe('mismatch');
    expect(verdict({ ...json(events), query: new Map() })).toBe('mismatch');
  });

  test('a list of events is split, each with its own id as its key', () => {
    expect(verdict(json(events))).toBe('authentic');
    expect(source.read(json(events)).events).toEqual(
      events.map((body) => ({ key: body.id, type: body.type, event: { body } })),
    );
  });

  test('an id counts in an event of Event Streams alone', () => {
    expect(source.read(json({ id: 'x' })).events).toMatchObject([{ keySeconds: 300 }]);
  });

  test('a body that is no JSON is unreadable', () => {
    const hash = getExpectedBodyHash('x');
    expect(() => source.read({ ...json(events, hash), body: Buffer.from('x') })).toThrow(Unreadable);
  });
});

test.for([['x'], ['é'], [''], [' '], ['a', 'b'], ['RSOYDt4T1cUTdK1PDd93_VVr8B8']])(
  'the signature %j is refused',
  (values) => {
    const request = form(delivered);
    const headers = new Map([...request.headers, ['x-twilio-signature', values] as const]);
    expect(verdict({ ...request, headers })).toMatch(/missing|malformed/);
  },
);

test('any of the auth tokens may have signed, and without one nobody has', () => {
  expect(verdict(form(delivered), ['f'.repeat(32), key])).toBe('authentic');
  expect(verdict(form(delivered), [])).toBe('mismatch');
});

test('an account SID is no auth token', () => {
  const { flaw } = source.lists.keys ?? {};
  expect([flaw?.(key), flaw?.(`AC${key}`)]).toEqual([undefined, 'must be 32 digits of 0-9, a-f']);
});

test('the address has to be configured, and there is no replay protection', () => {
  expect(source).toMatchObject({ kind: 'twilio', signsUrl: true, hasReplayProtection: false, flaws: [] });
});

function fieldsIn(body: Buffer): string {
  const params = new URLSearchParams(`?${body}`);
  params.sort();
  return JSON.stringify([...params]);
}
