import { createHmac } from 'node:crypto';
import { Signature } from '@hubspot/api-client';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { flawText } from '../../../shared/runtime/flaws.ts';
import { hubspot } from '../../../shared/webhooks/hubspot.ts';
import { Unreadable } from '../../../shared/webhooks/source.ts';
import { webhookRequest } from '../../support/webhook.ts';

type Version = 'v1' | 'v2' | 'v3';

const signal = () => null;
const source = hubspot({ group: 12345, signal });
const allowing = (...versions: Version[]) => hubspot({ group: 12345, signal, versions });

const secret = '8e7d1c52-6a3f-4b0c-9d2e-5f1a7b3c9e04';
const otherSecret = '1f2e3d4c-5b6a-4978-8695-a4b3c2d1e0f9';
const url = 'https://relay.example.com/webhooks/hubspot';
const now = 1_752_613_922_216;

const notification = {
  eventId: 1_001,
  subscriptionId: 2_002,
  portalId: 3_003,
  appId: 4_004,
  occurredAt: 1_700_000_000_123,
  subscriptionType: 'contact.propertyChange',
  attemptNumber: 0,
  objectId: 5_005,
  propertyName: 'visitor_id',
  propertyValue: 'vis_9f3',
  changeSource: 'CRM_UI',
  sourceId: 'userId:77',
};
const body = JSON.stringify([notification]);

interface Sent {
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | Buffer;
  readonly url?: string;
  readonly query?: Readonly<Record<string, string>>;
}

/** As HubSpot's own client signs it. */
function signature(
  version: Version,
  content: string,
  { at = now, key = secret, address = url } = {},
): string {
  return Signature.getSignature('POST', version, {
    signature: '',
    clientSecret: key,
    requestBody: content,
    url: address,
    timestamp: at,
  });
}

function signedV3(content: string, changes: { at?: number; key?: string; address?: string } = {}): Sent {
  const headers = {
    'X-HubSpot-Signature-v3': signature('v3', content, changes),
    'X-HubSpot-Request-Timestamp': String(changes.at ?? now),
  };
  return { headers, body: content, url };
}

function signedPlain(version: 'v1' | 'v2', content: string, key = secret): Sent {
  const headers = {
    'X-HubSpot-Signature': signature(version, content, { key }),
    'X-HubSpot-Signature-Version': version,
  };
  return { headers, body: content, url };
}

const judge = (sent: Sent, { by = source, keys = [secret], at = now } = {}) =>
  by.authenticate(webhookRequest(sent), { keys }, at);

describe('the published vectors', () => {
  const yyyy = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy';

  test('v3', () => {
    const sent = {
      headers: {
        'x-hubspot-signature-v3': 'gbj1XPRvUt0noT7i7fXfTzOD4sLzQmf0VT28ZYq0EYg=',
        'x-hubspot-request-timestamp': '1752613922216',
      },
      body: '[{"eventId":531833541,"subscriptionId":3923621,"portalId":48807704,"appId":16111050,"occurredAt":1752613920733,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":138017612137,"changeFlag":"CREATED","changeSource":"CRM_UI","sourceId":"userId:76023669"}]',
      url: 'https://webhook.site/335453f5-94b3-49d9-b684-a55354d4b8df',
    };
    const keys = ['cfc68c0b-4b4e-4ef8-b764-95350e4ea479'];
    expect(judge(sent, { keys })).toBe('authentic');
    expect(judge({ ...sent, url: `${sent.url}/` }, { keys })).toBe('mismatch');
  });

  test('v2', () => {
    const sent = {
      headers: {
        'x-hubspot-signature': '9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900',
        'x-hubspot-signature-version': 'v2',
      },
      body: '{"example_field":"example_value"}',
      url: 'https://www.example.com/webhook_uri',
    };
    expect(judge(sent, { by: allowing('v2'), keys: [yyyy] })).toBe('authentic');
    expect(judge({ ...sent, url }, { by: allowing('v2'), keys: [yyyy] })).toBe('mismatch');
  });

  test('v1', () => {
    const sent = {
      headers: {
        'x-hubspot-signature': '232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de',
        'x-hubspot-signature-version': 'v1',
      },
      body: '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]',
    };
    expect(judge(sent, { by: allowing('v1'), keys: [yyyy] })).toBe('authentic');
    expect(judge({ ...sent, body: `${sent.body} ` }, { by: allowing('v1'), keys: [yyyy] })).toBe('mismatch');
  });
});

test('whatever HubSpot’s client signs is authentic', () => {
  const secrets = fc.stringMatching(/^[!-~]{16,40}$/);
  const bodies = fc.string({ unit: 'grapheme', maxLength: 60 });
  fc.assert(
    fc.property(bodies, secrets, fc.integer({ min: 1, max: 4e12 }), (content, key, at) => {
      expect(judge(signedV3(content, { at, key }), { keys: [key], at })).toBe('authentic');
      for (const version of ['v1', 'v2'] as const) {
        const sent = signedPlain(version, content, key);
        expect(judge(sent, { by: allowing(version), keys: [key], at })).toBe('authentic');
      }
    }),
  );
});

describe('a request signed with v3', () => {
  test('is refused with any bit of its body flipped, as those of v2 and v1 are', () => {
    const bytes = Buffer.from(body);
    const all = allowing('v3', 'v2', 'v1');
    const sent = fc.constantFrom(signedV3(body), signedPlain('v2', body), signedPlain('v1', body));
    fc.assert(
      fc.property(sent, fc.nat(bytes.length - 1), fc.nat(7), (given, at, bit) => {
        const flipped = Buffer.from(bytes);
        flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << bit), at);
        expect(judge(given, { by: all })).toBe('authentic');
        expect(['mismatch', 'malformed']).toContain(judge({ ...given, body: flipped }, { by: all }));
      }),
    );
  });

  test('is refused with any character of its headers changed', () => {
    const sent = signedV3(body);
    const characters = fc.oneof(
      fc.string({ minLength: 1, maxLength: 1 }),
      fc.constantFrom(...'0 .,=é\u0000'),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(sent.headers)),
        fc.nat(),
        characters,
        (name, position, one) => {
          const value = String(sent.headers[name]);
          const at = position % value.length;
          const changed = `${value.slice(0, at)}${one}${value.slice(at + 1)}`;
          fc.pre(changed !== value);
          const headers = { ...sent.headers, [name]: changed };
          expect(['malformed', 'mismatch']).toContain(judge({ ...sent, headers }));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('is authentic over bytes that are no text', () => {
    const bytes = Buffer.from([0x7b, 0xff, 0x00, 0xc3, 0x28, 0x7d]);
    const hmac = createHmac('sha256', secret).update(`POST${url}`).update(bytes).update(String(now));
    const headers = { ...signedV3('').headers, 'X-HubSpot-Signature-v3': hmac.digest('base64') };
    expect(judge({ headers, body: bytes, url })).toBe('authentic');
    expect(judge({ headers, body: Buffer.from(bytes.toString('utf8')), url })).toBe('mismatch');
  });

  test('may be five minutes old or early, and not a millisecond more', () => {
    const sent = signedV3(body);
    for (const sign of [1, -1]) {
      expect(judge(sent, { at: now + sign * 300_000 })).toBe('authentic');
      expect(judge(sent, { at: now + sign * 300_001 })).toBe('stale');
    }
  });

  test('is called stale only if it is authentic', () => {
    expect(judge(signedV3(body, { key: otherSecret }), { at: now + 600_000 })).toBe('mismatch');
  });

  test('counts its time in milliseconds', () => {
    const at = Math.floor(now / 1_000);
    expect(judge(signedV3(body, { at }))).toBe('stale');
  });

  test('gains no younger time from the digits at the end of its body, nor an older body from its time', () => {
    const { headers } = signedV3(body);
    const moved = { ...headers, 'X-HubSpot-Request-Timestamp': String(now).slice(1) };
    expect(judge({ headers: moved, body: `${body}1`, url })).toBe('stale');
  });

  test('is good with any of several secrets', () => {
    expect(judge(signedV3(body), { keys: [otherSecret, secret] })).toBe('authentic');
    expect(judge(signedV3(body, { key: otherSecret }), { keys: [otherSecret, secret] })).toBe('authentic');
    expect(judge(signedV3(body), { keys: [otherSecret] })).toBe('mismatch');
    expect(judge(signedV3(body), { keys: [] })).toBe('mismatch');
  });

  test('by another method is another request', () => {
    const request = { ...webhookRequest(signedV3(body)), method: 'PUT' };
    expect(source.authenticate(request, { keys: [secret] }, now)).toBe('mismatch');
  });

  test.for(['X-HubSpot-Signature-v3', 'X-HubSpot-Request-Timestamp'])(
    'lacks its proof without %s, or with two of them',
    (name) => {
      const sent = signedV3(body);
      const value = String(sent.headers[name]);
      for (const instead of [[], '', [value, value]]) {
        expect(judge({ ...sent, headers: { ...sent.headers, [name]: instead } })).toBe('missing');
      }
    },
  );

  test('has its time in the header that HubSpot sends, and in no other', () => {
    const { headers, ...sent } = signedV3(body);
    const { 'X-HubSpot-Request-Timestamp': time = '', ...rest } = headers;
    expect(judge({ ...sent, headers: { ...rest, 'X-HubSpot-Signature-Timestamp': time } })).toBe('missing');
  });

  test.for(['1752613922216.0', '1752613922216abc', '+1752613922216', '1.752613922216e12', '-1', '0x1'])(
    'has no time in %j, though it is signed',
    (time) => {
      const hmac = createHmac('sha256', secret).update(`POST${url}${body}${time}`).digest('base64');
      const headers = { 'X-HubSpot-Signature-v3': hmac, 'X-HubSpot-Request-Timestamp': time };
      expect(judge({ headers, body, url })).toBe('malformed');
    },
  );

  test('has its signature in one way of writing alone', () => {
    const sent = signedV3(body);
    const good = String(sent.headers['X-HubSpot-Signature-v3']);
    const hex = Buffer.from(good, 'base64').toString('hex');
    for (const other of [good.replace('=', ''), `${good}=`, `${good}!`, `sha256=${good}`]) {
      const headers = { ...sent.headers, 'X-HubSpot-Signature-v3': other };
      expect(judge({ ...sent, headers })).toBe('malformed');
    }
    expect(judge({ ...sent, headers: { ...sent.headers, 'X-HubSpot-Signature-v3': hex } })).toBe('mismatch');
  });
});

describe('the signed address', () => {
  test('is the configured one, whatever a header says', () => {
    const elsewhere = 'https://evil.example/webhooks/hubspot';
    const { headers } = signedV3(body, { address: elsewhere });
    const named = {
      ...headers,
      Host: 'evil.example',
      'X-Forwarded-Host': 'evil.example',
      'X-Original-URL': elsewhere,
    };
    expect(judge({ headers: named, body, url })).toBe('mismatch');
  });

  test('is needed: without one, nothing is authentic', () => {
    for (const version of ['v3', 'v2'] as const) {
      const { headers } = version === 'v3' ? signedV3(body) : signedPlain(version, body);
      expect(judge({ headers, body }, { by: allowing(version) })).toBe('mismatch');
    }
    const [v3, v2] = [
      createHmac('sha256', secret).update(`POST${body}${now}`),
      signature('v2', body, { address: '' }),
    ];
    const without = { ...signedV3(body).headers, 'X-HubSpot-Signature-v3': v3.digest('base64') };
    expect(judge({ headers: without, body })).toBe('mismatch');
    const headers = { ...signedPlain('v2', body).headers, 'X-HubSpot-Signature': v2 };
    expect(judge({ headers, body }, { by: allowing('v2') })).toBe('mismatch');
  });

  const twelve = [
    ['%3A', ':'],
    ['%2F', '/'],
    ['%3F', '?'],
    ['%40', '@'],
    ['%21', '!'],
    ['%24', '$'],
    ['%27', "'"],
    ['%28', '('],
    ['%29', ')'],
    ['%2A', '*'],
    ['%2C', ','],
    ['%3B', ';'],
  ] as const;

  test.for(twelve)('may hold %s, which HubSpot signs as %s', ([written, character]) => {
    for (const path of [written, written.toLowerCase()]) {
      const address = `${url}/${path}/x`;
      const signed = signedV3(body, { address: `${url}/${character}/x` });
      expect(judge({ ...signed, url: address })).toBe('authentic');
      expect(judge({ ...signedV3(body, { address }), url: address })).toBe('authentic');
    }
  });

  test('has every other escape as it stands', () => {
    const known = new Set<string>(twelve.map(([written]) => written));
    for (let code = 0x20; code < 0x7f; code += 1) {
      const written = `%${code.toString(16).toUpperCase()}`;
      const decoded = { ...signedV3(body, { address: url + String.fromCharCode(code) }), url: url + written };
      expect(judge(decoded)).toBe(known.has(written) ? 'authentic' : 'mismatch');
    }
    const accented = { ...signedV3(body, { address: `${url}/é` }), url: `${url}/%C3%A9` };
    expect(judge(accented)).toBe('mismatch');
  });

  test('is unescaped once: what then looks like an escape stays', () => {
    const address = `${url}/%252F`;
    expect(judge({ ...signedV3(body, { address }), url: address })).toBe('authentic');
    expect(judge({ ...signedV3(body, { address: `${url}/%2F` }), url: address })).toBe('mismatch');
    expect(judge({ ...signedV3(body, { address: `${url}//` }), url: address })).toBe('mismatch');
  });

  test('has no query; a request with one is refused', () => {
    const query = { hapikey: 'x' };
    for (const address of [url, `${url}?hapikey=x`]) {
      expect(judge({ ...signedV3(body, { address }), query })).toBe('malformed');
    }
    expect(judge({ ...signedPlain('v2', body), query }, { by: allowing('v2') })).toBe('malformed');
    expect(judge({ ...signedPlain('v1', body), query }, { by: allowing('v1') })).toBe('authentic');
  });
});

describe('the older signatures', () => {
  test.for(['v1', 'v2'] as const)('%s is nothing to a source that does not ask for it', (version) => {
    expect(judge(signedPlain(version, body))).toBe('missing');
    expect(judge(signedPlain(version, body), { by: allowing('v3', version === 'v1' ? 'v2' : 'v1') })).toBe(
      'missing',
    );
    expect(judge(signedPlain(version, body), { by: allowing('v3', version) })).toBe('authentic');
  });

  test('are not looked at where a v3 is, be it good or bad', () => {
    const by = allowing('v3', 'v2', 'v1');
    const good = { ...signedV3(body).headers, ...signedPlain('v1', 'another').headers };
    expect(judge({ headers: good, body, url }, { by })).toBe('authentic');
    const bad = { ...signedV3('another').headers, ...signedPlain('v1', body).headers };
    expect(judge({ headers: bad, body, url }, { by })).toBe('mismatch');
    const old = { ...signedV3(body, { at: now - 300_001 }).headers, ...signedPlain('v1', body).headers };
    expect(judge({ headers: old, body, url }, { by })).toBe('stale');
    expect(judge({ headers: { ...good, 'X-HubSpot-Request-Timestamp': [] }, body, url }, { by })).toBe(
      'missing',
    );
    expect(judge({ headers: { ...bad, 'X-HubSpot-Signature-v3': '' }, body, url }, { by })).toBe('missing');
    expect(judge({ headers: bad, body, url }, { by: allowing('v1') })).toBe('authentic');
  });

  test.for(['X-HubSpot-Signature', 'X-HubSpot-Signature-Version'])('are none without %s', (name) => {
    const sent = signedPlain('v1', body);
    for (const instead of [[], '', [String(sent.headers[name]), String(sent.headers[name])]]) {
      const headers = { ...sent.headers, [name]: instead };
      expect(judge({ ...sent, headers }, { by: allowing('v1') })).toBe('missing');
    }
  });

  test('do not stand for each other, nor for a v3', () => {
    const by = allowing('v3', 'v2', 'v1');
    const versions = ['v1', 'v2', 'v3', 'V1', ''];
    for (const [made, named] of versions.flatMap((one) => versions.map((other) => [one, other] as const))) {
      if (made === named || (made !== 'v1' && made !== 'v2')) continue;
      const headers = { ...signedPlain(made, body).headers, 'X-HubSpot-Signature-Version': named };
      expect(['missing', 'mismatch']).toContain(judge({ headers, body, url }, { by }));
    }
  });

  test('are good with any of several secrets', () => {
    for (const version of ['v1', 'v2'] as const) {
      const [sent, by] = [signedPlain(version, body), allowing(version)];
      expect(judge(sent, { by, keys: [otherSecret, secret] })).toBe('authentic');
      expect(judge(sent, { by, keys: [otherSecret] })).toBe('mismatch');
      expect(judge(sent, { by, keys: [] })).toBe('mismatch');
    }
  });

  test.for(['', 'zz', 'abc', '0x12', `${'ab'.repeat(32)} cd`])('are none in %j', (text) => {
    const sent = signedPlain('v1', body);
    const headers = { ...sent.headers, 'X-HubSpot-Signature': text };
    expect(judge({ ...sent, headers }, { by: allowing('v1') })).toBe(text === '' ? 'missing' : 'malformed');
  });

  test('let a body be made longer by whoever has captured one, which can then not be read', () => {
    const hashed = Buffer.from(secret + body);
    const zeros = Buffer.alloc(63 - ((hashed.length + 8) % 64));
    const bits = Buffer.alloc(8);
    bits.writeBigUInt64BE(BigInt(hashed.length * 8));
    const padding = Buffer.concat([Buffer.of(0x80), zeros, bits]);
    expect((hashed.length + padding.length) % 64).toBe(0);
    const longer = Buffer.concat([Buffer.from(body), padding, Buffer.from(',{"occurredAt":1}]')]);
    expect(() => source.read(webhookRequest({ body: longer }))).toThrow(
      new Unreadable('the body is not UTF-8'),
    );
  });

  test('take back the promise that what was captured cannot be used later', () => {
    const promises = [source, allowing('v3'), allowing('v3', 'v2'), allowing('v2'), allowing('v1')].map(
      ({ hasReplayProtection, signsUrl, authentication }) => ({
        hasReplayProtection,
        signsUrl,
        authentication,
      }),
    );
    const of = (versions: string) => `HubSpot's request signature, ${versions}`;
    expect(promises).toEqual([
      { hasReplayProtection: true, signsUrl: true, authentication: of('v3') },
      { hasReplayProtection: true, signsUrl: true, authentication: of('v3') },
      { hasReplayProtection: false, signsUrl: true, authentication: of('v3 or v2') },
      { hasReplayProtection: false, signsUrl: true, authentication: of('v2') },
      { hasReplayProtection: false, signsUrl: false, authentication: of('v1') },
    ]);
  });
});

test('headers and bodies of any kind are judged without an error and never taken for authentic', () => {
  const sources = fc.constantFrom(source, allowing('v2'), allowing('v1'), allowing('v1', 'v2', 'v3'));
  const names = [...Object.keys(signedV3('').headers), ...Object.keys(signedPlain('v1', '').headers)];
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('v1', 'v2', 'v3', String(now), signature('v3', 'x'), signature('v1', 'x')),
  );
  const headers = fc.dictionary(
    fc.constantFrom(...names),
    fc.oneof(value, fc.array(value, { maxLength: 3 })),
  );
  const addresses = fc.option(fc.constantFrom(url, '%', '%3A%'), { nil: undefined });
  const bodies = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(sources, headers, addresses, bodies, (by, given, address, bytes) => {
      const sent = { headers: given, body: bytes, ...(address !== undefined && { url: address }) };
      expect(['missing', 'malformed', 'mismatch']).toContain(judge(sent, { by }));
    }),
    { numRuns: 500 },
  );
});

test('one mapping serves both: who has a visitor id is signalled', () => {
  const mapped = hubspot({
    group: 12345,
    signal: ({ properties }) => ({
      visitorid: properties.visitor_id,
      message: { mtype: 'signal', data: 'Hello' },
    }),
  });
  const visitors = [[notification], { visitor_id: 'ada' }, [{ ...notification, propertyName: 'email' }]].map(
    (content) => mapped.map(mapped.read(webhookRequest({ body: content })).events[0]?.event),
  );
  expect(visitors).toMatchObject([{ visitorid: 'vis_9f3' }, { visitorid: 'ada' }, { visitorid: undefined }]);
});

test('HubSpot is asked to repeat what could not be kept, and nothing else, at times of its own', () => {
  expect(source.answers).toEqual({
    accepted: { status: 202 },
    unreadable: { status: 202 },
    unavailable: { status: 503 },
  });
});

test('a client secret is a long word', () => {
  const flawOf = (key: string) => source.lists.keys?.flaw?.(key);
  expect(flawOf(secret)).toBeUndefined();
  for (const key of ['16111050', `${secret} `, `${secret}\n`, 'a b c d e f g h i'])
    expect(flawOf(key)).toBe('has fewer than 16 characters, or a space among them');
});

test.for<[unknown, string]>([
  ['v3', 'versions: must be an array'],
  [[], 'versions: must hold at least one version'],
  [['v4'], 'versions.0: must be "v3" or "v2" or "v1"'],
  [[{}], 'versions.0: must be "v3" or "v2" or "v1"'],
])('versions that are %j are told of', ([versions, flaw]) => {
  const wrong = hubspot({ group: 1, signal, versions: versions as Version[] }); // the wrong type is what is tried
  expect(wrong.flaws.map(flawText)).toEqual([flaw]);
});
