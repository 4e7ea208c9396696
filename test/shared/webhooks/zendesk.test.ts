import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeysFault, readKeys } from '../../../shared/webhooks/intake/keys.ts';
import { Unreadable } from '../../../shared/webhooks/source.ts';
import { zendesk } from '../../../shared/webhooks/zendesk.ts';
import { webhookRequest } from '../../support/webhook.ts';

const character = fc.nat(0x17f).map((code) => String.fromCharCode(code));

const options = { group: 12345, signal: () => null };
const source = zendesk(options);

const keys = { keys: ['the key before', 'the key of today'] };
const now = Date.parse('2026-01-05T10:00:00Z');
const time = '2026-01-05T10:00:00Z';

const sign = (body: Buffer | string, at: string, key = 'the key of today') =>
  createHmac('sha256', key).update(at).update(body).digest('base64');

function signed(body: Buffer | string | object, at = time, key?: string) {
  const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return asSent(bytes, sign(bytes, at, key), at);
}

function asSent(body: Buffer | string, signature: string, at = time) {
  const headers = {
    'X-Zendesk-Webhook-Signature': signature,
    'X-Zendesk-Webhook-Signature-Timestamp': at,
    'X-Zendesk-Webhook-Invocation-Id': '01F1KRFQ6BG29CNWFR60NK5FNY',
  };
  return webhookRequest({ headers, body });
}

const unreadable = (body: string, of = source) => {
  try {
    of.read(signed(body));
  } catch (error) {
    if (error instanceof Unreadable) return error.message;
    throw error;
  }
  return 'it can be read';
};

const changed = {
  type: 'zen:event-type:user.active_changed',
  account_id: 12514403,
  id: '2b24ef10-19d5-4740-93cf-5f98ec4776c0',
  time: '2026-01-05T09:59:59Z',
  zendesk_event_version: '2022-06-20',
  subject: 'zen:user:6596848315901',
  detail: { id: '6596848315901', external_id: 'vis_123', role: 'end-user' },
  event: { current: false, previous: true },
};

describe('the published vector', () => {
  const key = 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==';
  const at = '2021-03-25T05:09:27Z';
  const request = asSent(
    '{"event":"ticket.updated","id":123}',
    'S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM=',
    at,
  );

  test('is authentic at its time, and stale today', () => {
    expect(source.authenticate(request, { keys: [key] }, Date.parse(at))).toBe('authentic');
    expect(source.authenticate(request, { keys: [key] }, now)).toBe('stale');
  });

  test('is signed with a key that no secret may hold', () => {
    expect(() => readKeys(key, source.lists)).toThrow(new KeysFault('keys.0: is known to everybody'));
  });

  test('is not signed with what its key encodes', () => {
    const decoded = Buffer.from(key, 'base64').toString();
    expect(source.authenticate(request, { keys: [decoded] }, Date.parse(at))).toBe('mismatch');
  });
});

describe('a request', () => {
  test('signed with any one of the keys is authentic, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom(...keys.keys), (bytes, key) => {
        expect(source.authenticate(signed(Buffer.from(bytes), time, key), keys, now)).toBe('authentic');
      }),
    );
  });

  test('with a flipped bit anywhere in its body is refused', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (bytes, at, flip) => {
          const body = Buffer.from(bytes);
          const signature = sign(body, time);
          body[at % body.length] = (body[at % body.length] ?? 0) ^ flip;
          expect(source.authenticate(asSent(body, signature), keys, now)).toBe('mismatch');
        },
      ),
    );
  });

  test('with another character anywhere in its signature or its time is refused, and nothing breaks', () => {
    const body = JSON.stringify(changed);
    const put = (text: string, place: number, other: string) => {
      const at = place % text.length;
      return text.slice(0, at) + other + text.slice(at + 1);
    };
    fc.assert(
      fc.property(fc.nat(), character, (place, other) => {
        const signature = put(sign(body, time), place, other);
        const stamp = put(time, place, other);
        if (signature !== sign(body, time)) {
          expect(['mismatch', 'malformed']).toContain(
            source.authenticate(asSent(body, signature), keys, now),
          );
        }
        if (stamp !== time) {
          expect(['mismatch', 'malformed']).toContain(
            source.authenticate(asSent(body, sign(body, time), stamp), keys, now),
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  test('with any headers at all is answered with a verdict', () => {
    fc.assert(
      fc.property(fc.string({ unit: character }), fc.string({ unit: character }), (signature, at) => {
        expect(['mismatch', 'malformed']).toContain(
          source.authenticate(asSent('{}', signature, at), keys, now),
        );
      }),
    );
  });

  test.for([
    ['without a signature', { 'x-zendesk-webhook-signature-timestamp': time }],
    ['without a time', { 'x-zendesk-webhook-signature': sign('{}', time) }],
    [
      'with two signatures',
      {
        'x-zendesk-webhook-signature': [sign('{}', time), sign('{}', time)],
        'x-zendesk-webhook-signature-timestamp': time,
      },
    ],
  ] as const)('%s has nothing that proves it', ([, headers]) => {
    expect(source.authenticate(webhookRequest({ headers, body: '{}' }), keys, now)).toBe('missing');
  });

  test('is refused without keys, and with an empty one', () => {
    expect(source.authenticate(signed('{}'), { keys: [] }, now)).toBe('mismatch');
    expect(source.authenticate(signed('{}', time, ''), { keys: [''] }, now)).toBe('mismatch');
  });

  test('is stale more than five minutes before or after its time', () => {
    const verdictAt = (at: number) => source.authenticate(signed('{}'), keys, at);
    expect([-300_000, 300_000].map((away) => verdictAt(now + away))).toEqual(['authentic', 'authentic']);
    expect([-300_001, 300_001].map((away) => verdictAt(now + away))).toEqual(['stale', 'stale']);
  });

  test('is told to be stale only if it is authentic', () => {
    const old = '2020-01-05T10:00:00Z';
    expect(source.authenticate(signed('{}', old), keys, now)).toBe('stale');
    expect(source.authenticate(signed('{}', old, 'another key'), keys, now)).toBe('mismatch');
  });

  test.for(['2026-02-30T10:00:00Z', '1767607200', '2026-01-05 10:00:00Z', '2026-01-05T10:00:00'])(
    'with the time %s is refused, even where it is signed',
    (at) => {
      expect(source.authenticate(signed('{}', at), keys, now)).toBe('malformed');
    },
  );

  test('is signed with its time exactly as it is written', () => {
    const other = '2026-01-05T11:00:00.000+01:00';
    expect(source.authenticate(signed('{}', other), keys, now)).toBe('authentic');
    expect(source.authenticate(asSent('{}', sign('{}', time), other), keys, now)).toBe('mismatch');
  });
});

describe('an event of Zendesk', () => {
  const read = (body: object, at = time) => source.read(signed(body, at)).events;

  test('has what its envelope holds', () => {
    expect(read(changed)).toEqual([
      {
        key: 'event:2b24ef10-19d5-4740-93cf-5f98ec4776c0',
        type: 'zen:event-type:user.active_changed',
        event: {
          kind: 'event',
          id: '2b24ef10-19d5-4740-93cf-5f98ec4776c0',
          type: 'zen:event-type:user.active_changed',
          time: '2026-01-05T09:59:59Z',
          accountId: '12514403',
          subject: 'zen:user:6596848315901',
          detail: { id: '6596848315901', external_id: 'vis_123', role: 'end-user' },
          event: { current: false, previous: true },
        },
      },
    ]);
  });

  test('is the same when it comes again at another time and by another call', () => {
    const again = { ...signed(changed, '2026-01-05T10:04:00Z') };
    const headers = new Map([...again.headers, ['x-zendesk-webhook-invocation-id', ['another']]]);
    expect(source.read({ ...again, headers }).events).toEqual(read(changed));
  });

  test('lacking something is named by what it lacks', () => {
    const { id: _, detail: __, ...rest } = changed;
    expect(unreadable(JSON.stringify({ ...rest, subject: 7 }))).toBe(
      'id: is missing; subject: must be a string; detail: is missing',
    );
  });

  test('keeps ids of any length', () => {
    const json = JSON.stringify(changed).replace('12514403', '12345678901234567890');
    expect(source.read(signed(json)).events[0]?.event).toMatchObject({ accountId: '12345678901234567890' });
  });
});

describe('what a trigger sends', () => {
  const body = { visitor_id: 'vis_1', ticket: 35436, update: '7' };

  test('is its body, and is one event for as long as a captured request could be used', () => {
    const [first] = source.read(signed(body)).events;
    expect(first).toEqual({
      key: expect.stringMatching(/^digest:[\w-]{43}$/),
      keySeconds: 600,
      type: 'trigger',
      event: { kind: 'trigger', body },
    });
    expect(source.read(signed(body, '2026-01-05T10:04:00Z')).events).toEqual([first]);
    expect(source.read(signed({ ...body, update: '8' })).events[0]?.key).not.toBe(first?.key);
  });

  test('has the id that the configuration finds in it, for good', () => {
    const own = zendesk({ ...options, id: ({ ticket, update }) => `${ticket}-${update}` });
    expect(own.flaws).toEqual([]);
    expect(own.read(signed(body)).events).toEqual([
      { key: 'trigger:35436-7', type: 'trigger', event: { kind: 'trigger', body } },
    ]);
  });

  test('is told by its digest where the configuration finds no id', () => {
    for (const none of [undefined, '', '  ']) {
      const own = zendesk({ ...options, id: () => none });
      expect(own.read(signed(body)).events).toEqual(source.read(signed(body)).events);
    }
  });

  test('cannot be mistaken for an event of Zendesk by its id', () => {
    const own = zendesk({ ...options, id: () => changed.id });
    expect(own.read(signed(body)).events[0]?.key).not.toBe(own.read(signed(changed)).events[0]?.key);
  });

  test('is unreadable where the configuration stumbles over it', () => {
    const own = zendesk({ ...options, id: ({ user }) => (user as { id: string }).id });
    expect(unreadable('{"ticket":35436}', own)).toBe('the option "id" of this source threw');
  });

  test('keeps ids of any length', () => {
    expect(source.read(signed('{"ticket":12345678901234567890}')).events[0]?.event).toEqual({
      kind: 'trigger',
      body: { ticket: '12345678901234567890' },
    });
  });

  test.for([
    '<ticket><id>1</id></ticket>',
    'ticket=1&visitor_id=vis_1',
    '',
    ' ',
    '["vis_1"]',
    '"vis_1"',
    'null',
  ])('in another form than a JSON object is unreadable: %j', (text) => {
    expect(unreadable(text)).toBe(
      'the body is no JSON object: the webhook has to send one, not XML, a form or nothing',
    );
  });

  test('is unreadable when a placeholder has broken its JSON, and no word of it is repeated', () => {
    expect(unreadable('{"title":"My "broken" ticket","visitor_id":"vis_1"}')).toBe('the body is not JSON');
  });
});

test('a body of any kind is read, or is unreadable, and nothing else', () => {
  const text = fc.oneof(
    fc.json(),
    fc.string().map((rest) => `{${rest}`),
    fc.object().map((o) => JSON.stringify(o)),
  );
  fc.assert(
    fc.property(text, (body) => {
      expect(typeof unreadable(body)).toBe('string');
    }),
  );
});

test('Zendesk is asked to come again in less than a minute: it would give up otherwise', () => {
  const { status, headers } = source.answers.unavailable;
  expect(status).toBe(503);
  expect(Number(headers?.['retry-after'])).toBeLessThan(60);
  expect(source.answers.unreadable.status).toBeLessThan(300);
  expect(source.hasReplayProtection).toBe(true);
});

test('an id that is no function is a mistake of the configuration', () => {
  // What a configuration in plain JavaScript may hold.
  const wrong = { ...options, id: 'ticket.id' } as unknown as Parameters<typeof zendesk>[0];
  expect(zendesk(wrong).flaws).toEqual([{ path: ['id'], detail: 'must be a function' }]);
});
