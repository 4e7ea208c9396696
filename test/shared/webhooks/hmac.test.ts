import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { flawText } from '../../../shared/runtime/flaws.ts';
import { type HmacOptions, hmac } from '../../../shared/webhooks/hmac.ts';
import { type HmacScheme, hmacScheme } from '../../../shared/webhooks/proof/hmac-scheme.ts';
import type { WebhookRequest } from '../../../shared/webhooks/request.ts';
import { textAt } from '../../../shared/webhooks/text-at.ts';
import { type Sent, sentBy } from '../../support/hmac-sender.ts';
import { tampered, withOtherByte } from '../../support/tampered.ts';
import { webhookRequest } from '../../support/webhook.ts';

const usual = { group: 12345, signal: () => null };
const key = 'a-key-of-which-nobody-knows';
const now = Date.parse('2026-03-01T12:00:00Z');

function source(signature: HmacOptions['signature'], more: Partial<HmacOptions> = {}) {
  return hmac({ ...usual, signature, ...more });
}

const bare = { header: 'X-Signature', hash: 'sha256', encoding: 'hex' } as const;
const timed = {
  ...bare,
  prefix: 'sha256=',
  signed: '{timestamp}.{body}',
  timestamp: { header: 'x-time' },
} as const;
const listed = { ...bare, field: 'v1', signed: '{timestamp}.{body}', timestamp: { field: 't' } } as const;
const named = { ...timed, signed: '{id}.{timestamp}.{body}', idHeader: 'x-id' } as const;

/** A request that is signed in this way, with some of its headers changed. */
function request(
  signature: HmacOptions['signature'],
  sent: Partial<Sent> = {},
  headers: Readonly<Record<string, readonly string[]>> = {},
): WebhookRequest {
  const given = sentBy(hmacScheme.parse(signature), key, { body: '{"id":"e-1"}', at: now, ...sent });
  return { ...given, headers: new Map([...given.headers, ...Object.entries(headers)]) };
}

function verdict(signature: HmacOptions['signature'], given: WebhookRequest, keys = [key]) {
  return source(signature).authenticate(given, { keys }, now);
}

const whsec = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

interface Vector {
  readonly signature: HmacOptions['signature'];
  readonly key: string;
  readonly at?: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly url?: string;
  readonly body: string;
}

/** What vendors publish, or other public projects have, with the option that says it. */
const vectors: Record<string, Vector> = {
  GitHub: {
    signature: { ...bare, header: 'X-Hub-Signature-256', prefix: 'sha256=' },
    key: "It's a Secret to Everybody",
    headers: {
      'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    },
    body: 'Hello, World!',
  },
  Segment: {
    signature: { header: 'X-Signature', hash: 'sha1', encoding: 'hex' },
    key: 'abc123',
    headers: { 'x-signature': '5099cab379b3be52908387457007040cc934ef86' },
    body: '{"cool":true}',
  },
  'Standard Webhooks': {
    signature: {
      header: 'webhook-signature',
      hash: 'sha256',
      encoding: 'base64',
      prefix: 'v1,',
      separator: ' ',
      signed: '{id}.{timestamp}.{body}',
      idHeader: 'webhook-id',
      timestamp: { header: 'webhook-timestamp' },
      key: 'base64',
    },
    key: whsec,
    at: 1_614_265_330_000,
    headers: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
    body: '{"test": 2432232314}',
  },
  Zendesk: {
    signature: {
      header: 'X-Zendesk-Webhook-Signature',
      hash: 'sha256',
      encoding: 'base64',
      signed: '{timestamp}{body}',
      timestamp: { header: 'X-Zendesk-Webhook-Signature-Timestamp', unit: 'rfc3339' },
    },
    key: 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==',
    at: Date.parse('2021-03-25T05:09:27Z'),
    headers: {
      'x-zendesk-webhook-signature': 'S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM=',
      'x-zendesk-webhook-signature-timestamp': '2021-03-25T05:09:27Z',
    },
    body: '{"event":"ticket.updated","id":123}',
  },
  HubSpot: {
    signature: {
      header: 'X-HubSpot-Signature-v3',
      hash: 'sha256',
      encoding: 'base64',
      signed: '{method}{url}{body}{timestamp}',
      timestamp: { header: 'X-HubSpot-Request-Timestamp', unit: 'ms' },
    },
    key: 'cfc68c0b-4b4e-4ef8-b764-95350e4ea479',
    at: 1_752_613_922_216,
    url: 'https://webhook.site/335453f5-94b3-49d9-b684-a55354d4b8df',
    headers: {
      'x-hubspot-signature-v3': 'gbj1XPRvUt0noT7i7fXfTzOD4sLzQmf0VT28ZYq0EYg=',
      'x-hubspot-request-timestamp': '1752613922216',
    },
    body: '[{"eventId":531833541,"subscriptionId":3923621,"portalId":48807704,"appId":16111050,"occurredAt":1752613920733,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":138017612137,"changeFlag":"CREATED","changeSource":"CRM_UI","sourceId":"userId:76023669"}]',
  },
};

test.for(Object.entries(vectors))('the published example of %s is authentic', ([, vector]) => {
  const { signature, at = now } = vector;
  const given = webhookRequest(vector);
  expect(source(signature).flaws).toEqual([]);
  expect(source(signature).authenticate(given, { keys: [vector.key] }, at)).toBe('authentic');
  expect(source(signature).authenticate(given, { keys: [`${vector.key}x`] }, at)).toBe('mismatch');
});

/** Vendors of whom a two-line option is enough. */
const spelled: Record<string, HmacOptions['signature']> = {
  'Zoho Payments': {
    header: 'X-Zoho-Webhook-Signature',
    hash: 'sha256',
    encoding: 'hex',
    field: 'v',
    signed: '{timestamp}.{body}',
    timestamp: { field: 't', unit: 'ms' },
  },
  Convoy: {
    header: 'X-Convoy-Signature',
    hash: 'sha256',
    encoding: 'hex',
    field: 'v1',
    signed: '{timestamp},{body}',
    timestamp: { field: 't' },
  },
  Paddle: {
    header: 'Paddle-Signature',
    hash: 'sha256',
    encoding: 'hex',
    field: 'h1',
    separator: ';',
    signed: '{timestamp}:{body}',
    timestamp: { field: 'ts' },
  },
};

test.for(Object.entries(spelled))('%s can be spelled out', ([, signature]) => {
  expect(source(signature).flaws).toEqual([]);
  expect(verdict(signature, request(signature))).toBe('authentic');
});

describe('what is refused', () => {
  test.for([bare, timed, listed, named])('%j without its header, or with an empty one', (signature) => {
    const { headers, ...rest } = request(signature);
    const without = new Map([...headers].filter(([name]) => name !== 'x-signature'));
    expect(verdict(signature, { ...rest, headers: without })).toBe('missing');
    expect(verdict(signature, request(signature, {}, { 'x-signature': [' '] }))).toBe('missing');
  });

  test.for([
    'x',
    'sha256=',
    'sha256=é',
    'é',
    '\u0000',
    'v1',
    't=1,v1=',
    `sha256=${'0'.repeat(63)}`,
    'undefined',
  ])('the signature "%s"', (text) => {
    for (const signature of [bare, timed, listed, named]) {
      expect(verdict(signature, request(signature, {}, { 'x-signature': [text] }))).toBe('malformed');
    }
  });

  test('two signatures where there should be one, even if both are right', () => {
    for (const signature of [bare, timed, listed]) {
      const right = request(signature).headers.get('x-signature')?.[0] ?? '';
      for (const both of [[right, right], [`${right},${right}`]]) {
        expect(verdict(signature, request(signature, {}, { 'x-signature': both }))).toBe('malformed');
      }
    }
  });

  test('a time or an id that came twice', () => {
    const time = String(now / 1_000);
    expect(verdict(timed, request(timed, {}, { 'x-time': [time, time] }))).toBe('malformed');
    expect(verdict(named, request(named, {}, { 'x-id': ['event-1', 'event-1'] }))).toBe('malformed');
  });

  test.for(['1e9', '0x5f', '1614265330abc', '-1', '1.5', '1614265330 1'])(
    'the time "%s", even if it is signed',
    (text) => {
      const body = '{"id":"e-1"}';
      const signature = createHmac('sha256', key).update(`${text}.${body}`).digest('hex');
      const given = webhookRequest({
        headers: { 'x-signature': `sha256=${signature}`, 'x-time': text },
        body,
      });
      expect(verdict(timed, given)).toBe('malformed');
    },
  );

  test('a signature in another encoding, though it has the same bytes', () => {
    const given = request({ ...bare, encoding: 'base64' });
    expect(verdict(bare, given)).toBe('malformed');
    expect(verdict({ ...bare, encoding: 'base64' }, request(bare))).toBe('malformed');
  });

  test('a signature with another hash, whatever its prefix says', () => {
    const weak = request({ ...bare, hash: 'sha1', prefix: 'sha1=' });
    expect(verdict({ ...bare, prefix: 'sha256=' }, weak)).toBe('malformed');
    const relabelled = request({ ...bare, hash: 'sha1', prefix: 'sha256=' });
    expect(verdict({ ...bare, prefix: 'sha256=' }, relabelled)).toBe('malformed');
  });

  test('every request while there is no key that could have signed it', () => {
    expect(verdict(bare, request(bare), [])).toBe('mismatch');
    const empty = createHmac('sha256', '').update('{}').digest('hex');
    const given = webhookRequest({ headers: { 'x-signature': empty }, body: '{}' });
    expect(verdict({ ...bare, key: 'base64' }, given, ['not base64'])).toBe('mismatch');
    expect(verdict({ ...bare, key: 'hex' }, given, ['xyz'])).toBe('mismatch');
  });

  test('an id that holds what parts it from the rest: the same bytes could be another id with another body', () => {
    const given = request(named, { id: 'event-1.1700000000' });
    expect(verdict(named, given)).toBe('malformed');
  });
});

describe('time', () => {
  const ten = 10 * 365 * 86_400_000;

  test.for([
    ['at once', 0, 'authentic'],
    ['at the edge of the window', -300_000, 'authentic'],
    ['ahead of us, at the edge', 300_000, 'authentic'],
    ['too late', -301_000, 'stale'],
    ['too far ahead', 301_000, 'stale'],
    ['ten years ahead', ten, 'stale'],
  ] as const)('signed and %s', ([, offset, expected]) => {
    for (const signature of [timed, listed, named]) {
      expect(verdict(signature, request(signature, { at: now + offset }))).toBe(expected);
    }
  });

  test('whoever cannot sign does not learn whether a time would be right', () => {
    expect(verdict(timed, request(timed, { at: now + ten }), ['another-key'])).toBe('mismatch');
  });

  test('the window is as wide as it is set', () => {
    const narrow = { ...timed, timestamp: { header: 'x-time', windowSeconds: 10 } };
    expect(verdict(narrow, request(narrow, { at: now - 10_000 }))).toBe('authentic');
    expect(verdict(narrow, request(narrow, { at: now - 11_000 }))).toBe('stale');
  });

  test('there is replay protection where a time is signed, and only there', () => {
    expect([bare, timed, listed, named].map((each) => source(each).hasReplayProtection)).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });
});

describe('several signatures', () => {
  const several = { ...bare, prefix: 'v1=', separator: ',' } as const;
  const right = request(several).headers.get('x-signature')?.[0] ?? '';
  const wrong = `v1=${'0'.repeat(64)}`;

  test.for<[string, string[]]>([
    ['one', [right]],
    ['the first of two', [`${right},${wrong}`]],
    ['the second of two', [`${wrong}, ${right}`]],
    ['in a header of its own', [wrong, right]],
    ['beside another version', [`v2=x,${right}`]],
  ])('the right one is found: %s', ([, values]) => {
    expect(verdict(several, request(several, {}, { 'x-signature': values }))).toBe('authentic');
  });

  test('of a list of fields too, as while a key is being changed', () => {
    const [time, good] = (request(listed).headers.get('x-signature')?.[0] ?? '').split(',');
    const both = [`${time},${wrong},${good},v0=${'0'.repeat(64)}`];
    expect(verdict(listed, request(listed, {}, { 'x-signature': both }))).toBe('authentic');
  });

  test('of a list of fields with two times, none is right', () => {
    const given = request(listed).headers.get('x-signature')?.[0] ?? '';
    expect(verdict(listed, request(listed, {}, { 'x-signature': [`t=1,${given}`] }))).toBe('malformed');
  });

  test('any of the keys may have signed', () => {
    expect(verdict(bare, request(bare), ['an-older-key', key])).toBe('authentic');
  });
});

describe('a signed address', () => {
  const address = { ...bare, signed: '{method} {url} {body}' };
  const url = 'https://relay.example.com/webhooks/erp';

  test('has to be configured', () => {
    expect(source(address).signsUrl).toBe(true);
    expect(source(bare).signsUrl).toBe(false);
    expect(verdict(address, request(address, { url }))).toBe('authentic');
    expect(verdict(address, { ...request(address, { url }), url: undefined })).toBe('malformed');
    expect(verdict(address, { ...request(address, { url }), url: `${url}2` })).toBe('mismatch');
  });

  test('has no query, and where it is not signed a query does no harm', () => {
    const query = new Map([['x', ['1']]]);
    expect(verdict(address, { ...request(address, { url }), query })).toBe('malformed');
    expect(verdict(bare, { ...request(bare), query })).toBe('authentic');
  });

  test('a signed method cannot be changed', () => {
    expect(verdict(address, { ...request(address, { url }), method: 'PUT' })).toBe('mismatch');
  });
});

describe('keys', () => {
  test.for<[HmacScheme['key'], string, string | undefined]>([
    ['text', 'any text will do', undefined],
    ['base64', 'c2VjcmV0IG9mIG91cnM=', undefined],
    ['base64', 'c2VjcmV0IG9mIG91cnM', 'is not base64'],
    ['base64', 'whsec_c2VjcmV0', 'is not base64'],
    ['hex', '00ff00FF', undefined],
    ['hex', '00f', 'is not hexadecimal'],
  ])('written as %s: "%s"', ([form, text, flaw]) => {
    expect(source({ ...bare, key: form }).lists.keys?.flaw?.(text)).toBe(flaw);
  });
});

describe('what is read', () => {
  test('the key is what the body says of itself, else the signed id, else a digest that counts for a while', () => {
    const id = (body: unknown) => textAt(body, 'id');
    expect(source(named, { id }).read(request(named)).events).toMatchObject([{ key: 'e-1' }]);
    expect(source(named).read(request(named)).events).toEqual([
      { key: 'event-1', type: 'event', event: { body: { id: 'e-1' } } },
    ]);
    expect(source(bare).read(request(bare)).events).toMatchObject([{ keySeconds: 300 }]);
  });

  test('an id that is not signed is no key', () => {
    const [one, other] = ['1', '2'].map(
      (id) => source(bare).read(request(bare, {}, { 'x-id': [id] })).events,
    );
    expect(one).toEqual(other);
  });

  test('a digest counts as long as a captured request could come again, however far its time was ahead', () => {
    const wide = { ...timed, timestamp: { header: 'x-time', windowSeconds: 3_600 } };
    expect(source(wide).read(request(wide)).events).toMatchObject([{ keySeconds: 7_200 }]);
  });

  test('the time is no part of the key, so that a request signed anew is the same event', () => {
    const [one, other] = [now, now + 60_000].map((at) => source(timed).read(request(timed, { at })).events);
    expect(one).toEqual(other);
  });

  test('a list is split, and each of its events has a key of its own', () => {
    const { events } = source(named).read(request(named, { body: '[{"a":1},{"a":1}]' }));
    expect(events.map(({ key }) => key)).toEqual(['event-1/0', 'event-1/1']);
  });

  test('the type is what the configuration makes of the body', () => {
    const type = (body: unknown) => textAt(body, 'kind');
    const { events } = source(bare, { type }).read(request(bare, { body: '{"kind":"order.paid"}' }));
    expect(events[0]?.type).toBe('order.paid');
  });
});

test('people are told what is signed', () => {
  expect(source(bare).authentication).toBe('HMAC-SHA256 over the body');
  expect(source(timed).authentication).toBe('HMAC-SHA256 over the body and a time');
  expect(source({ ...named, hash: 'sha512' }).authentication).toBe(
    'HMAC-SHA512 over the body, a time and an id',
  );
});

test('every mistake in the options is named by its place', () => {
  const wrong = { ...usual, signature: { ...timed, signed: '{body}', window: 3 }, id: 'id', colour: 'red' };
  // Types would have told most of it.
  expect(
    hmac(wrong as never)
      .flaws.map(flawText)
      .sort(),
  ).toEqual([
    'colour: is not known here',
    'id: must be a function',
    'signature.signed: must hold {timestamp}: an unsigned time proves nothing',
    'signature.window: is not known here',
  ]);
});

/** Any way to sign: fields or a prefix, a time in either place or none, an id or none. */
const signature: fc.Arbitrary<HmacOptions['signature']> = fc
  .record({
    hash: fc.constantFrom('sha1', 'sha256', 'sha512'),
    encoding: fc.constantFrom('hex', 'base64', 'base64url'),
    key: fc.constantFrom('text', 'base64', 'hex'),
    unit: fc.constantFrom('s', 'ms', 'rfc3339'),
    separator: fc.constantFrom(',', ';', ' ', undefined),
    prefix: fc.constantFrom('sha256=', 'v0=', undefined),
    hasFields: fc.boolean(),
    hasTimeField: fc.boolean(),
    signed: fc.constantFrom(
      '{body}',
      '{timestamp}.{body}',
      'v0:{timestamp}:{body}',
      '{id}.{timestamp}.{body}',
      '{url}|{body}',
      '{method}{url}{body}{timestamp}',
      '{body};{id}',
    ),
  })
  .map(({ unit, separator, prefix, hasFields, hasTimeField, signed, ...rest }) => {
    const time = hasFields && hasTimeField ? { field: 't', unit } : { header: 'X-Time', unit };
    return {
      ...rest,
      header: 'X-Signature',
      signed,
      separator,
      ...(hasFields ? { field: 'v1' } : { prefix }),
      ...(signed.includes('{timestamp}') && { timestamp: time }),
      ...(signed.includes('{id}') && { idHeader: 'X-Id' }),
    };
  });

test('whichever way somebody signs, their requests are authentic, and no others', () => {
  const hexKey = '0123456789abcdef0123456789abcdef';
  fc.assert(
    fc.property(signature, fc.json(), fc.gen(), (given, body, gen) => {
      const one = source(given);
      expect(one.flaws).toEqual([]);
      const sent = sentBy(hmacScheme.parse(given), hexKey, { body, at: now });
      expect(one.authenticate(sent, { keys: [hexKey] }, now)).toBe('authentic');
      const changed = gen(() => withOtherByte(sent));
      expect(one.authenticate(changed, { keys: [hexKey] }, now)).toBe('mismatch');
    }),
    { numRuns: 500 },
  );
});

test('whatever else stands in the options, they have flaws, and nothing is thrown', () => {
  fc.assert(
    fc.property(fc.object(), fc.anything(), (options, signature) => {
      // Nobody who has types could write this.
      expect(hmac(options as never).flaws).not.toEqual([]);
      expect(hmac({ ...usual, signature } as never).flaws).not.toEqual([]);
    }),
  );
});

test.for(Object.entries({ bare, timed, listed, named }))(
  '%s: whatever is changed on its way is refused',
  ([, signature]) => {
    const sent = request(signature);
    const names = ['x-signature', 'x-time', 'x-id'].filter((name) => sent.headers.has(name));
    fc.assert(
      fc.property(tampered(sent, ...names), (changed) => {
        expect(verdict(signature, changed)).not.toBe('authentic');
      }),
      { numRuns: 500 },
    );
  },
);

test('whatever the headers are, the request is refused and nothing is thrown', () => {
  const values = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.string()), { maxLength: 3 });
  fc.assert(
    fc.property(values, values, values, fc.uint8Array(), (signature, time, id, body) => {
      const headers = { 'x-signature': signature, 'x-time': time, 'x-id': id };
      const given = webhookRequest({ headers, body: Buffer.from(body) });
      for (const each of [bare, timed, listed, named]) expect(verdict(each, given)).not.toBe('authentic');
    }),
  );
});
