import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import fc from 'fast-check';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { describe, expect, test } from 'vitest';
import { Unreadable } from '../../../shared/webhooks/source.ts';
import { type StandardEvent, standardWebhooks } from '../../../shared/webhooks/standard-webhooks.ts';
import { webhookRequest } from '../../support/webhook.ts';

const source = standardWebhooks({ group: 12345, signal: () => null });

type Headers = Readonly<Record<string, string | readonly string[]>>;
type Body = string | Buffer;

interface Sent {
  readonly headers: Headers;
  readonly body: Body;
}

const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const seconds = 1_614_265_330;
const now = seconds * 1_000;
const body = '{"type":"contact.updated","timestamp":"2021-02-25T15:02:10Z","data":{"visitor":{"id":"ada"}}}';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const otherSecret = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;

const pair = generateKeyPairSync('ed25519');
const rawPublic = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
const publicKey = `whpk_${rawPublic.toString('base64')}`;

const judge = (sent: Sent, keys: readonly string[], at = now) =>
  source.authenticate(webhookRequest(sent), { keys }, at);

function signedText(of: string, timestamp: string, content: Body): Buffer {
  return Buffer.concat([Buffer.from(`${of}.${timestamp}.`), Buffer.from(content)]);
}

function v1(content: Body, key = secret, of = id, timestamp = String(seconds)): string {
  const bytes = Buffer.from(key.replace('whsec_', ''), 'base64');
  return `v1,${createHmac('sha256', bytes)
    .update(signedText(of, timestamp, content))
    .digest('base64')}`;
}

function v1a(content: Body): string {
  return `v1a,${sign(null, signedText(id, String(seconds), content), pair.privateKey).toString('base64')}`;
}

function headersWith(signature: string | readonly string[], family = 'webhook'): Headers {
  return {
    [`${family}-id`]: id,
    [`${family}-timestamp`]: String(seconds),
    [`${family}-signature`]: signature,
  };
}

describe('the vectors of the specification', () => {
  const vector = '{"test": 2432232314}';
  const hmac = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
  const ed25519 =
    'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==';

  test.for([
    ['v1', hmac, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['v1, with a secret that has no prefix', hmac, 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['v1a', ed25519, 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4='],
  ] as const)('%s', ([, signature, key]) => {
    expect(judge({ headers: headersWith(signature), body: vector }, [key])).toBe('authentic');
    expect(judge({ headers: headersWith(signature, 'svix'), body: vector }, [key])).toBe('authentic');
    expect(judge({ headers: headersWith(signature), body: `${vector} ` }, [key])).toBe('mismatch');
  });
});

const messages = fc.record({
  of: fc.stringMatching(/^[\w-]{1,40}$/),
  at: fc.integer({ min: 1, max: 4_000_000_000 }),
  content: fc.string({ unit: 'grapheme', maxLength: 60 }),
  key: fc.uint8Array({ minLength: 24, maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString('base64')),
});

test.for([
  ['webhook', StandardWebhook],
  ['svix', SvixWebhook],
] as const)('whatever the library signs for the headers %s-… is authentic', ([family, Library]) => {
  fc.assert(
    fc.property(messages, ({ of, at, content, key }) => {
      const signature = new Library(`whsec_${key}`).sign(of, new Date(at * 1_000), content);
      const headers = {
        [`${family}-id`]: of,
        [`${family}-timestamp`]: String(at),
        [`${family}-signature`]: signature,
      };
      expect(judge({ headers, body: content }, [key], at * 1_000)).toBe('authentic');
    }),
  );
});

const ways = [
  ['v1', v1, secret],
  ['v1a', v1a, publicKey],
] as const;

describe.for(ways)('a message signed with %s', ([, signed, key]) => {
  const sent = { headers: headersWith(signed(body)), body };

  test('is authentic as it was sent', () => {
    expect(judge(sent, [key])).toBe('authentic');
  });

  test('is refused with any bit of its body flipped', () => {
    const bytes = Buffer.from(body);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const flipped = Buffer.from(bytes);
        flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << bit), at);
        expect(judge({ ...sent, body: flipped }, [key])).toBe('mismatch');
      }),
    );
  });

  test('is refused with any character of its headers changed', () => {
    const names = fc.constantFrom('webhook-id', 'webhook-timestamp', 'webhook-signature');
    const characters = fc.oneof(
      fc.string({ minLength: 1, maxLength: 1 }),
      fc.constantFrom(...'0 .,=é\u0000'),
    );
    fc.assert(
      fc.property(names, fc.nat(), characters, (name, position, character) => {
        const value = String(sent.headers[name]);
        const at = position % value.length;
        const changed = `${value.slice(0, at)}${character}${value.slice(at + 1)}`;
        fc.pre(changed !== value);
        const headers = { ...sent.headers, [name]: changed };
        expect(['missing', 'malformed', 'mismatch']).toContain(judge({ headers, body }, [key]));
      }),
      { numRuns: 500, examples: [['webhook-signature', signed(body).indexOf(','), ' ']] },
    );
  });

  test('is authentic over bytes that are no text', () => {
    const bytes = Buffer.from([0x7b, 0xff, 0x00, 0xc3, 0x28, 0x7d]);
    const replaced = Buffer.from(bytes.toString('utf8'));
    expect(judge({ headers: headersWith(signed(bytes)), body: bytes }, [key])).toBe('authentic');
    expect(judge({ headers: headersWith(signed(bytes)), body: replaced }, [key])).toBe('mismatch');
  });

  test('may be five minutes old or early, and not a millisecond more', () => {
    for (const sign of [1, -1]) {
      expect(judge(sent, [key], now + sign * 300_000)).toBe('authentic');
      expect(judge(sent, [key], now + sign * 300_001)).toBe('stale');
    }
  });

  test('is called stale only if it is authentic', () => {
    expect(judge({ ...sent, body: `${body} ` }, [key], now + 600_000)).toBe('mismatch');
    expect(judge(sent, [otherSecret], now + 600_000)).toBe('mismatch');
  });
});

describe('several keys and several signatures', () => {
  test('one key that fits is enough, wherever it stands', () => {
    const sent = { headers: headersWith(v1(body)), body };
    expect(judge(sent, [otherSecret, publicKey, secret])).toBe('authentic');
    expect(judge(sent, [secret, otherSecret])).toBe('authentic');
    expect(judge(sent, [otherSecret, publicKey])).toBe('mismatch');
    expect(judge(sent, [])).toBe('mismatch');
  });

  const noise = fc.constantFrom(
    v1(body, otherSecret),
    v1('another'),
    v1a('another'),
    'v2,QUJD',
    'v1,',
    ',',
    'v1',
  );
  const noises = fc.array(noise, { maxLength: 3 });
  const separators = fc.constantFrom(' ', '  ', ',', ', ', ' , ');

  test('one signature that fits is enough, wherever it stands and however a gateway has joined the headers', () => {
    const good = fc.constantFrom(v1(body), v1a(body));
    fc.assert(
      fc.property(noises, good, noises, separators, (before, fitting, after, separator) => {
        const list = [...before, fitting, ...after];
        for (const signature of [list, list.join(separator)]) {
          expect(judge({ headers: headersWith(signature), body }, [publicKey, secret])).toBe('authentic');
        }
      }),
    );
  });

  test('none that fits is none, however many there are', () => {
    fc.assert(
      fc.property(noises, separators, (list, separator) => {
        for (const signature of [list, list.join(separator)]) {
          const verdict = judge({ headers: headersWith(signature), body }, [publicKey, secret]);
          expect(['missing', 'malformed', 'mismatch']).toContain(verdict);
        }
      }),
    );
  });

  test('a signature in another way of writing the same bytes is none', () => {
    const [, text = ''] = v1(body).split(',');
    for (const other of [
      text.replace('=', ''),
      text.replaceAll('+', '-').replaceAll('/', '_'),
      `${text}=`,
      `${text}!`,
    ]) {
      if (other !== text)
        expect(judge({ headers: headersWith(`v1,${other}`), body }, [secret])).toBe('malformed');
    }
  });

  test('who knows the public key cannot sign with it as a secret', () => {
    const forged = v1(body, rawPublic.toString('base64'));
    expect(judge({ headers: headersWith(forged), body }, [publicKey])).toBe('mismatch');
  });

  test('a signature of one version is none of the other', () => {
    const [, hmac] = v1(body).split(',');
    const [, ed25519] = v1a(body).split(',');
    for (const signature of [`v1a,${hmac}`, `v1,${ed25519}`])
      expect(judge({ headers: headersWith(signature), body }, [publicKey, secret])).toBe('mismatch');
  });
});

describe('the headers', () => {
  const good = headersWith(v1(body));

  test.for(['webhook-id', 'webhook-timestamp', 'webhook-signature'])(
    'without %s, nothing proves it',
    (name) => {
      for (const value of [[], '', ' ']) {
        expect(judge({ headers: { ...good, [name]: value }, body }, [secret])).toBe('missing');
      }
    },
  );

  test.for(['webhook-id', 'webhook-timestamp'])('a second %s is not chosen from', (name) => {
    const value = String(good[name]);
    expect(judge({ headers: { ...good, [name]: [value, value] }, body }, [secret])).toBe('missing');
    expect(judge({ headers: { ...good, [name]: `${value},${value}` }, body }, [secret])).not.toBe(
      'authentic',
    );
  });

  test.for([
    '1614265330abc',
    '1614265330.0',
    '+1614265330',
    '0x60376e32',
    '1.614265330e9',
    '١٦١٤٢٦٥٣٣٠',
    'now',
  ])('the time %j is none, though it is signed', (timestamp) => {
    const headers = {
      ...good,
      'webhook-timestamp': timestamp,
      'webhook-signature': v1(body, secret, id, timestamp),
    };
    expect(judge({ headers, body }, [secret])).toBe('malformed');
  });

  test('a time of a thousand digits is a stale one', () => {
    const timestamp = '9'.repeat(1_000);
    const headers = {
      ...good,
      'webhook-timestamp': timestamp,
      'webhook-signature': v1(body, secret, id, timestamp),
    };
    expect(judge({ headers, body }, [secret])).toBe('stale');
  });

  test('an id with a dot is refused, since another message would have the same signature', () => {
    const dotted = `${id}.${seconds}`;
    const same = v1(`${seconds}.${body}`);
    expect(same).toBe(v1(body, secret, dotted));
    const headers = { ...headersWith(same), 'webhook-id': dotted };
    expect(judge({ headers, body }, [secret])).toBe('malformed');
  });

  test.for([
    'v2,QUJD',
    'sha256=abcdef',
    'v1',
    'v1,',
    'v1=QUJD',
    'v1,###',
    ',,,',
    `x${v1(body)}`,
    `${v1(body)}x`,
  ])('the signature %j is in no form that is known', (signature) => {
    expect(judge({ headers: { ...good, 'webhook-signature': signature }, body }, [secret])).toBe('malformed');
  });

  test('of two families are never mixed: what is told apart by is what was signed', () => {
    const [one, other] = ['msg_one', 'msg_other'];
    const values = {
      id: [one, other, 'msg_made_up'],
      timestamp: [String(seconds), String(seconds + 1)],
      signature: [v1(body, secret, one), v1(body, secret, other, String(seconds + 1)), 'v1,QUJD'],
    };
    const choices = ['webhook', 'svix'].flatMap((family) =>
      Object.entries(values).map(([part, given]): [string, fc.Arbitrary<string | undefined>] => [
        `${family}-${part}`,
        fc.option(fc.constantFrom(...given), { nil: undefined }),
      ]),
    );
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.record(Object.fromEntries(choices)), (chosen) => {
        const headers = Object.fromEntries(
          Object.entries(chosen).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
        );
        const sent = { headers, body };
        if (judge(sent, [secret]) !== 'authentic') return;
        const key = source.read(webhookRequest(sent)).events[0]?.key ?? '';
        seen.add(key);
        const timestamp = key === one ? String(seconds) : String(seconds + 1);
        const proven = ['webhook', 'svix'].some(
          (family) =>
            chosen[`${family}-id`] === key &&
            chosen[`${family}-timestamp`] === timestamp &&
            chosen[`${family}-signature`] === v1(body, secret, key, timestamp),
        );
        expect(proven).toBe(true);
      }),
      { numRuns: 5_000 },
    );
    expect([...seen].toSorted()).toEqual([one, other]);
  });

  test('a whole family that proves nothing is not made good by the other one', () => {
    const headers = { ...headersWith(v1('another')), ...headersWith(v1(body), 'svix') };
    expect(judge({ headers, body }, [secret])).toBe('mismatch');
  });

  test('of any kind, and bodies, are judged without an error and never taken for authentic', () => {
    const names = ['id', 'timestamp', 'signature'].flatMap((part) => [`webhook-${part}`, `svix-${part}`]);
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(id, String(seconds), v1('x'), v1a('x')),
    );
    const headers = fc.dictionary(
      fc.constantFrom(...names),
      fc.oneof(value, fc.array(value, { maxLength: 3 })),
    );
    const bodies = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(headers, bodies, (given, bytes) => {
        const verdict = judge({ headers: given, body: bytes }, [secret, publicKey]);
        expect(['missing', 'malformed', 'mismatch']).toContain(verdict);
      }),
      { numRuns: 500 },
    );
  });
});

describe('an event', () => {
  const eventOf = (content: Body) => {
    const [event, ...more] = source.read(
      webhookRequest({ headers: headersWith(v1(content)), body: content }),
    ).events;
    expect(more).toEqual([]);
    return event;
  };

  test('has the id that was signed, and what the specification proposes', () => {
    expect(eventOf(body)).toEqual({
      key: id,
      type: 'contact.updated',
      event: {
        id,
        type: 'contact.updated',
        timestamp: '2021-02-25T15:02:10Z',
        data: { visitor: { id: 'ada' } },
        payload: JSON.parse(body),
      } satisfies StandardEvent,
    });
  });

  test.for([
    '[1,2]',
    '"text"',
    'null',
    '7',
    '{}',
    '{"type":null,"data":[1],"timestamp":{}}',
    '{"event":"x"}',
  ])('of another shape is handed over as it is: %s', (content) => {
    const payload: unknown = JSON.parse(content);
    const event = { id, type: undefined, timestamp: undefined, data: {}, payload };
    expect(eventOf(content)).toEqual({ key: id, type: 'other', event });
  });

  test('keeps long ids, digit for digit', () => {
    expect(eventOf('{"data":{"contact":12345678901234567890}}')?.event).toMatchObject({
      data: { contact: '12345678901234567890' },
    });
  });

  test('whose type may name a person is logged without it', () => {
    expect(eventOf('{"type":"ada@example.com"}')).toMatchObject({
      type: 'other',
      event: { type: 'ada@example.com' },
    });
  });

  test('that is no JSON is unreadable', () => {
    expect(() => eventOf('type=contact.updated')).toThrow(Unreadable);
  });
});

describe('a key', () => {
  const flawOf = (key: string) => source.lists.keys?.flaw?.(key);

  test.for([24, 32, 64])('of %d bytes is good, with or without its prefix', (length) => {
    const text = randomBytes(length).toString('base64');
    expect(flawOf(text)).toBeUndefined();
    expect(flawOf(`whsec_${text}`)).toBeUndefined();
  });

  test('that is public is good', () => {
    expect(flawOf(publicKey)).toBeUndefined();
  });

  test.for([
    [`whsec_${Buffer.alloc(23, 1).toString('base64')}`, 'has fewer than 24 bytes'],
    [Buffer.alloc(65, 1).toString('base64'), 'has more than 64 bytes'],
    ['whsec_', 'is no base64'],
    ['whsec_not base64', 'is no base64'],
    ['correct-horse-battery-staple', 'is no base64'],
    [`whpk_${Buffer.alloc(31, 1).toString('base64')}`, 'is no public key for ed25519: 32 bytes in base64'],
    ['whpk_', 'is no public key for ed25519: 32 bytes in base64'],
    [
      `whsk_${Buffer.alloc(64, 1).toString('base64')}`,
      'is the private key of the sender (whsk_…), of which nobody else should have a copy; its public one begins with whpk_',
    ],
  ])('%j is not', ([key = '', flaw]) => {
    expect(flawOf(key)).toBe(flaw);
  });

  test('that is flawed proves nothing and throws nothing', () => {
    const sent = { headers: headersWith([v1(body), v1a(body)]), body };
    const flawed = [
      '',
      'whsec_',
      'whpk_',
      'whpk_AAAA',
      'not base64',
      `whsk_${Buffer.alloc(64).toString('base64')}`,
    ];
    expect(judge(sent, flawed)).toBe('mismatch');
  });
});

test('a source of this kind signs no address, keeps out what is old, and has no more options', () => {
  expect(source).toMatchObject({
    kind: 'standard-webhooks',
    signsUrl: false,
    hasReplayProtection: true,
    flaws: [],
  });
  expect(Object.keys(source.lists)).toEqual(['keys']);
});
