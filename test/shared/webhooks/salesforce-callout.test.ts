import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { salesforceCallout } from '../../../shared/webhooks/salesforce-callout.ts';
import { Unreadable } from '../../../shared/webhooks/source.ts';
import { webhookRequest } from '../../support/webhook.ts';

const key = 'a-secret-of-the-credential';
const common = { group: 15687, signal: () => null };
const source = salesforceCallout(common);

function read(body: string | object, given = source) {
  return given.read(webhookRequest({ body }));
}

describe('a body', () => {
  test('that is an object is one event, as it came', () => {
    const { events, faults } = read({ visitor: 'vis_9f3', long: 1 });
    expect(events).toMatchObject([{ type: 'callout', event: { visitor: 'vis_9f3', long: 1 } }]);
    expect(faults).toEqual([]);
  });

  test('that is a list is an event for each object, and a fault for all else', () => {
    const { events, faults } = read([{ a: 1 }, 'b', null, [{}], { c: 2 }]);
    expect(events.map(({ event }) => event)).toEqual([{ a: 1 }, { c: 2 }]);
    expect(faults).toEqual(['object 2: is none', 'object 3: is none', 'object 4: is none']);
  });

  test('that is an empty list is no event, and no fault', () => {
    expect(read([])).toEqual({ events: [], faults: [] });
  });

  test.for(['', 'null', '1', '"text"', '["text"]', '{"a":', 'visitor=vis_9f3', '<a/>'])(
    'such as %j cannot be read',
    (body) => {
      expect(() => read(body)).toThrow(Unreadable);
    },
  );
});

describe('an event', () => {
  const named = salesforceCallout({ ...common, id: ({ id }) => id, type: ({ kind }) => kind });

  test('without an id is known by its content, for five minutes', () => {
    const [event] = read('{"a":1}').events;
    expect(event?.keySeconds).toBe(300);
    expect(read('{"a":1}').events[0]?.key).toBe(event?.key);
    expect(read('{"a":2}').events[0]?.key).not.toBe(event?.key);
  });

  test('that stands twice in one list is two events, each the same when the list comes again', () => {
    const [one, other] = read('[{"a":1},{"a":1}]').events;
    expect(one?.key).not.toBe(other?.key);
    expect(read('[{"a":1},{"a":1}]').events.map((event) => event.key)).toEqual([one?.key, other?.key]);
  });

  test('with an id is known by it for good, whatever else it holds', () => {
    expect(read({ id: 'e-1', a: 1 }, named).events).toEqual([
      { key: 'e-1', type: 'callout', event: { id: 'e-1', a: 1 } },
    ]);
    expect(read('{"id":7}', named).events[0]?.key).toBe('7');
    expect(read('{"id":12345678901234567890}', named).events[0]?.key).toBe('12345678901234567890');
  });

  test.for([undefined, null, '', {}, [], true])('with the id %j is known by its content', (id) => {
    expect(read({ id }, named).events[0]?.keySeconds).toBe(300);
  });

  test('is called what the configuration makes of it, if that is a word for the log', () => {
    const type = (kind: unknown) => read({ kind }, named).events[0]?.type;
    expect([type('case.opened'), type('jo@example.com'), type(7), type(undefined)]).toEqual([
      'case.opened',
      'other',
      'other',
      'callout',
    ]);
  });

  test('for which the configuration throws is a fault, and holds up no other one', () => {
    const strict = salesforceCallout({
      ...common,
      id({ id }) {
        if (typeof id !== 'string') throw new Error('secret detail');
        return id;
      },
    });
    const { events, faults } = read([{ id: 1 }, { id: 'e-2' }], strict);
    expect(events.map((event) => event.key)).toEqual(['e-2']);
    expect(faults).toEqual(['object 1: the configured id or type throws for it']);
    expect(() => read({}, strict)).toThrow(Unreadable);
  });
});

test('any bytes are read, or refused as unreadable', () => {
  const jsonLike = fc.oneof(fc.json(), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(
      fc.oneof(
        jsonLike.map((text) => Buffer.from(text)),
        fc.uint8Array().map((b) => Buffer.from(b)),
      ),
      (body) => {
        try {
          source.read(webhookRequest({ body }));
        } catch (error) {
          expect(error).toBeInstanceOf(Unreadable);
        }
      },
    ),
  );
});

describe('what lets a callout in', () => {
  test('is the secret in its header, once', () => {
    const verdict = (headers: Record<string, string | string[]>) =>
      source.authenticate(webhookRequest({ headers }), { keys: ['an-older-secret-of-ours', key] }, 0);
    expect(verdict({ 'X-Relay-Key': key })).toBe('authentic');
    expect(verdict({ 'x-relay-key': [key, key] })).toBe('malformed');
    expect(verdict({ 'x-relay-key': `${key},${key}` })).toBe('mismatch');
    expect(verdict({ authorization: key })).toBe('missing');
  });

  test('is in the header that the configuration names', () => {
    const own = salesforceCallout({ ...common, header: 'X-Own-Key' });
    const verdict = (name: string) =>
      own.authenticate(webhookRequest({ headers: { [name]: key } }), { keys: [key] }, 0);
    expect(own.authentication).toContain('X-Own-Key');
    expect([verdict('x-own-key'), verdict('x-relay-key')]).toEqual(['authentic', 'missing']);
  });

  test('is nothing else, and nothing makes it throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        fc.pre(value.trim() !== key);
        const request = webhookRequest({ headers: { 'x-relay-key': value } });
        expect(source.authenticate(request, { keys: [key] }, 0)).not.toBe('authentic');
      }),
    );
  });
});

test('the author of a callout learns at once that it cannot be read, and that it could not be kept', () => {
  expect(source.answers.accepted.status).toBe(202);
  expect(source.answers.unreadable.status).toBe(400);
  expect(source.answers.unavailable.status).toBe(503);
});

test('options that are none are flaws', () => {
  const wrong = { header: 'no header', id: 'id', type: 7, secret: 'x' } as object;
  const { flaws } = salesforceCallout({ ...common, ...wrong });
  expect(flaws.map(({ path }) => path.join('.')).sort()).toEqual(['header', 'id', 'secret', 'type']);
});

test('people are told that nothing is signed', () => {
  expect(source).toMatchObject({ kind: 'salesforce-callout', transport: 'http', hasReplayProtection: false });
  expect(source.lists.keys?.flaw?.('schlüssel-von-uns-allen')).toMatch(/^may hold ASCII/);
});
