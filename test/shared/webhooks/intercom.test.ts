import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { intercom } from '../../../shared/webhooks/intercom.ts';
import { Unreadable } from '../../../shared/webhooks/source.ts';
import { webhookRequest } from '../../support/webhook.ts';

const character = fc.nat(0x17f).map((code) => String.fromCharCode(code));

const options = { group: 12345, signal: () => null };
const source = intercom(options);
const keys = { keys: ['the secret before', 'the secret of today'] };

const hexOf = (body: Buffer | string, key = 'the secret of today') =>
  createHmac('sha1', key).update(body).digest('hex');

const asSent = (body: Buffer | string, signature: string) =>
  webhookRequest({ headers: { 'X-Hub-Signature': signature }, body });

const judge = (body: Buffer | string, signature: string, held: Record<string, string[]> = keys) =>
  source.authenticate(asSent(body, signature), held, 0);

const tagged = {
  type: 'notification_event',
  app_id: 'abc123',
  id: 'notif_1',
  topic: 'contact.tag.created',
  delivery_attempts: 1,
  first_sent_at: 1_700_000_000,
  created_at: 1_700_000_000,
  data: {
    type: 'notification_event_data',
    item: { type: 'contact', id: '5', external_id: 'vis_123', custom_attributes: { visitor_id: 'vis_123' } },
  },
};
const ping = {
  type: 'notification_event',
  app_id: 'abc123',
  id: null,
  topic: 'ping',
  data: { item: { type: 'ping' } },
};

const read = (body: string | object, of = source) => of.read(webhookRequest({ body }));

describe('the published vector', () => {
  const vector = {
    key: 'intercom-client-secret',
    body: '{"type":"notification_event","app_id":"abc123","data":{"type":"notification_event_data","item":{"type":"conversation","id":"12345"}},"links":{},"id":"notif_01","topic":"conversation.user.created","delivery_status":"pending","delivery_attempts":1,"delivered_at":0,"first_sent_at":1700000000,"created_at":1700000000,"self":null}',
    signature: 'c7e9a99aa93f194e48107bdab37a2b98fff1e1df',
  };

  test('is authentic with its key, in digits of either case, and with no other key', () => {
    const { key, body, signature } = vector;
    expect(judge(body, `sha1=${signature}`, { keys: [key] })).toBe('authentic');
    expect(judge(body, `sha1=${signature.toUpperCase()}`, { keys: [key] })).toBe('authentic');
    expect(judge(body, `sha1=${signature}`, { keys: ['another one'] })).toBe('mismatch');
  });

  test('is read', () => {
    expect(read(vector.body).events).toEqual([
      {
        key: 'id:abc123:notif_01',
        type: 'conversation.user.created',
        event: {
          id: 'notif_01',
          topic: 'conversation.user.created',
          appId: 'abc123',
          item: { type: 'conversation', id: '12345' },
          createdAt: 1_700_000_000,
        },
      },
    ]);
  });
});

describe('a request', () => {
  test('signed with any one of the keys is authentic, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom(...keys.keys), (bytes, key) => {
        const body = Buffer.from(bytes);
        expect(judge(body, `sha1=${hexOf(body, key)}`)).toBe('authentic');
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
          const signature = `sha1=${hexOf(body)}`;
          body[at % body.length] = (body[at % body.length] ?? 0) ^ flip;
          expect(judge(body, signature)).toBe('mismatch');
        },
      ),
    );
  });

  test('with another character anywhere in its signature is refused, and nothing breaks', () => {
    const signature = `sha1=${hexOf('{}')}`;
    fc.assert(
      fc.property(fc.nat(signature.length - 1), character, (at, other) => {
        const changed = signature.slice(0, at) + other + signature.slice(at + 1);
        fc.pre(changed.slice(5).toLowerCase() !== signature.slice(5) || !changed.startsWith('sha1='));
        expect(['mismatch', 'malformed']).toContain(judge('{}', changed));
      }),
      { numRuns: 500 },
    );
  });

  test.for([
    ['', 'malformed'],
    ['sha1=', 'malformed'],
    [hexOf('{}'), 'malformed'],
    [`SHA1=${hexOf('{}')}`, 'malformed'],
    [`sha256=${createHmac('sha256', 'the secret of today').update('{}').digest('hex')}`, 'malformed'],
    [`sha1=${hexOf('{}')}00`, 'mismatch'],
    [`sha1=${hexOf('{}').slice(0, -2)}`, 'mismatch'],
    [`sha1=${hexOf('{}').slice(0, -1)}`, 'malformed'],
    [`sha1=${hexOf('{}')}é`, 'malformed'],
    [`sha1=${hexOf('{}')},sha1=${hexOf('{}')}`, 'malformed'],
    [`sha1=${createHmac('sha1', 'the secret of today').update('{}').digest('base64')}`, 'malformed'],
  ] as const)('with the signature %j is refused: %s', ([signature, verdict]) => {
    expect(judge('{}', signature)).toBe(verdict);
  });

  test('without a signature, or with two, has nothing that proves it', () => {
    expect(source.authenticate(webhookRequest({ body: '{}' }), keys, 0)).toBe('missing');
    const twice = { 'x-hub-signature': [`sha1=${hexOf('{}')}`, `sha1=${hexOf('{}')}`] };
    expect(source.authenticate(webhookRequest({ body: '{}', headers: twice }), keys, 0)).toBe('missing');
  });

  test('is refused without keys, and with an empty one', () => {
    expect(judge('{}', `sha1=${hexOf('{}')}`, {})).toBe('mismatch');
    expect(judge('{}', `sha1=${hexOf('{}', '')}`, { keys: [''] })).toBe('mismatch');
  });
});

describe('a notification', () => {
  test('is the same when it is delivered again', () => {
    expect(read({ ...tagged, delivery_attempts: 2, delivered_at: 1_700_000_060 })).toEqual(read(tagged));
  });

  test('of another workspace is another one, whatever its id', () => {
    const [ours, theirs] = [tagged, { ...tagged, app_id: 'def456' }].map((body) => read(body).events[0]?.key);
    expect(ours).not.toBe(theirs);
  });

  test.for([null, undefined, ''])('with the id %j is told by what it is about, for a while', (id) => {
    const unnamed = { ...tagged, id };
    const [event] = read(unnamed).events;
    expect(event).toMatchObject({ key: expect.stringMatching(/^digest:[\w-]{43}$/), keySeconds: 300 });
    expect(event?.event).toMatchObject({ id: undefined, topic: 'contact.tag.created' });
    expect(read({ ...unnamed, delivery_attempts: 2, delivered_at: 1 }).events).toEqual([event]);
    const others = [
      { ...unnamed, topic: 'contact.tag.deleted' },
      { ...unnamed, app_id: 'def456' },
      { ...unnamed, data: { item: { ...tagged.data.item, id: '6' } } },
    ];
    expect(others.map((body) => read(body).events[0]?.key)).not.toContain(event?.key);
  });

  test('that is a ping is accepted, and is no event', () => {
    expect(read(ping)).toEqual({ events: [] });
    expect(read({ topic: 'ping' })).toEqual({ events: [] });
    expect(source.answers.accepted.status).toBe(200);
  });

  test('of a workspace that is not listed is no event, and nothing is wrong with it', () => {
    const scoped = intercom({ ...options, appIds: ['abc123', 'ghi789'] });
    expect(scoped.flaws).toEqual([]);
    expect(read(tagged, scoped)).toEqual(read(tagged));
    expect(read({ ...tagged, app_id: 'def456' }, scoped)).toEqual({ events: [] });
    expect(read(ping, scoped)).toEqual({ events: [] });
  });

  test('keeps ids of any length', () => {
    const json = JSON.stringify(tagged).replace('"id":"5"', '"id":12345678901234567890');
    expect(read(json).events[0]?.event).toMatchObject({ item: { id: '12345678901234567890' } });
  });

  test('whose topic may be of a person is logged by another name', () => {
    expect(read({ ...tagged, topic: 'ada@example.com' }).events[0]?.type).toBe('other');
  });

  test.for([
    ['[]', 'must be an object'],
    ['{}', 'topic: is missing'],
    ['{"topic":"contact.created"}', 'app_id: is missing; data: is missing'],
    ['{"topic":"contact.created","app_id":"a","data":{"item":null}}', 'data.item: must be an object'],
    ['{"topic":', 'the body is not JSON'],
    ['', 'the body is empty'],
  ] as const)('%s is unreadable: %s', ([body, message]) => {
    expect(() => read(body)).toThrow(new Unreadable(message));
  });

  test('of any shape is read, or is unreadable, and nothing else', () => {
    const near = fc.record(
      { topic: fc.json(), app_id: fc.string(), id: fc.jsonValue(), data: fc.record({ item: fc.object() }) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(near, fc.jsonValue()), (body) => {
        try {
          expect(read(JSON.stringify(body)).events.length).toBeLessThan(2);
        } catch (error) {
          expect(error).toBeInstanceOf(Unreadable);
        }
      }),
    );
  });
});

test('Intercom is never told that the address is gone, nor to slow down for hours', () => {
  const { accepted, unreadable, unavailable } = source.answers;
  expect([accepted.status, unreadable.status, unavailable.status]).toEqual([200, 200, 503]);
});

test('whoever lists the source learns that captured requests stay good', () => {
  expect(source.hasReplayProtection).toBe(false);
});

test('a list of no workspaces is a mistake of the configuration', () => {
  const flaws = [{ path: ['appIds'], detail: 'must hold at least one id' }];
  expect(intercom({ ...options, appIds: [] }).flaws).toEqual(flaws);
});
