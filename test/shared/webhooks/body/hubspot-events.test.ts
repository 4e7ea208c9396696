import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HubSpotEvent } from '../../../../shared/webhooks/body/hubspot-events.ts';
import { hubspot } from '../../../../shared/webhooks/hubspot.ts';
import { Unreadable } from '../../../../shared/webhooks/source.ts';
import { webhookRequest } from '../../../support/webhook.ts';

const source = hubspot({ group: 12345, signal: () => null });

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

const read = (content: unknown) => source.read(webhookRequest({ body: JSON.stringify(content) }));
const keysOf = (content: unknown) => read(content).events.map(({ key }) => key);

describe('the notifications of an app', () => {
  test('are events with what HubSpot documents, and with the property that has changed', () => {
    const { events, faults } = read([notification]);
    expect(faults).toEqual([]);
    expect(events).toEqual([
      {
        key: expect.stringMatching(/^[\w-]{43}$/),
        type: 'contact.propertyChange',
        event: {
          kind: 'notification',
          subscriptionType: 'contact.propertyChange',
          portalId: '3003',
          appId: '4004',
          subscriptionId: '2002',
          eventId: '1001',
          objectId: '5005',
          propertyName: 'visitor_id',
          propertyValue: 'vis_9f3',
          changeSource: 'CRM_UI',
          sourceId: 'userId:77',
          occurredAt: 1_700_000_000_123,
          properties: { visitor_id: 'vis_9f3' },
          payload: notification,
        } satisfies HubSpotEvent,
      },
    ]);
  });

  test('each have their key, and those that come again have it again', () => {
    const others = [
      { subscriptionType: 'contact.creation' },
      { portalId: 1 },
      { subscriptionId: 1 },
      { eventId: 1 },
      { objectId: 1 },
      { objectTypeId: '0-1' },
      { occurredAt: 1_700_000_000_124 },
      { propertyName: 'email' },
      { propertyValue: 'vis_9f4' },
      { propertyValue: null },
      { primaryObjectId: 1 },
      { newObjectId: 1 },
      { mergedObjectIds: [1] },
      { mergedObjectIds: [2] },
      { fromObjectId: 1 },
      { toObjectId: 1 },
      { associationType: 'CONTACT_TO_COMPANY' },
      { associationRemoved: true },
      { associationRemoved: false },
      { messageId: 'a' },
      { messageType: 'MESSAGE' },
    ].map((changes) => ({ ...notification, ...changes }));
    const keys = keysOf([notification, ...others]);
    expect(new Set(keys).size).toBe(keys.length);
    const again = others.map((one, at) => ({ ...one, attemptNumber: at + 1 }));
    expect(keysOf([{ ...notification, attemptNumber: 9 }, ...again])).toEqual(keys);
  });

  test('keep their keys in any order of their fields, and for ids of any length', () => {
    const reversed = Object.fromEntries(Object.entries(notification).toReversed());
    expect(keysOf([reversed])).toEqual(keysOf([notification]));
    const long = (objectId: string) =>
      source.read(webhookRequest({ body: `[{"occurredAt":1,"objectId":${objectId}}]` })).events[0];
    expect(long('9007199254740992')?.key).not.toBe(long('9007199254740993')?.key);
    expect(long('9007199254740993')?.event).toMatchObject({ objectId: '9007199254740993' });
  });

  const some = fc.record(
    {
      eventId: fc.nat(3),
      subscriptionId: fc.nat(3),
      objectId: fc.nat(3),
      occurredAt: fc.nat(3),
      attemptNumber: fc.nat(10),
      propertyName: fc.constantFrom('visitor_id', '__proto__'),
      propertyValue: fc.option(fc.string({ unit: 'grapheme', maxLength: 5 })),
    },
    { requiredKeys: ['occurredAt'] },
  );

  test('have the same keys in however many requests, and in whatever order, they come', () => {
    fc.assert(
      fc.property(
        fc.array(some, { maxLength: 30 }),
        fc.array(fc.nat(30)),
        fc.nat(10),
        (batch, cuts, attemptNumber) => {
          const places = [0, ...cuts.toSorted((one, other) => one - other), batch.length];
          const parts = places.map((from, at) => batch.slice(from, places[at + 1]));
          const again = parts.toReversed().map((part) => part.map((one) => ({ ...one, attemptNumber })));
          const together = keysOf(batch);
          expect(together).toHaveLength(batch.length);
          expect(new Set(again.flatMap(keysOf))).toEqual(new Set(together));
        },
      ),
    );
  });

  test('of which one is none are read but for that one', () => {
    const batch = [7, notification, null, 'ada@example.com', [notification], {}, { occurredAt: 'now' }];
    const { events, faults } = read(batch);
    expect(events).toHaveLength(1);
    expect(faults).toEqual([
      'notification 1 is no object',
      'notification 3 is no object',
      'notification 4 is no object',
      'notification 5 is no object',
      'notification 6 does not tell when it occurred',
      'notification 7 does not tell when it occurred',
    ]);
  });

  test('may be none at all', () => {
    expect(read([])).toEqual({ events: [], faults: [] });
  });

  test('of older apps name their kind otherwise', () => {
    const { subscriptionType: eventType, ...older } = notification;
    expect(read([{ ...older, eventType }]).events[0]).toMatchObject({
      type: 'contact.propertyChange',
      event: { subscriptionType: 'contact.propertyChange' },
    });
    expect(keysOf([{ ...older, eventType }])).toEqual(keysOf([notification]));
    expect(read([{ ...notification, eventType: 'other' }]).events[0]?.type).toBe('contact.propertyChange');
  });

  test('without a kind, or with one that may name a person, are logged without it', () => {
    const kinds = [undefined, 'ada@example.com', 7, 'a'.repeat(81)];
    const batch = kinds.map((subscriptionType) => ({ occurredAt: 1, subscriptionType }));
    expect(read(batch).events.map(({ type }) => type)).toEqual(['other', 'other', 'other', 'other']);
  });

  test('of other kinds tell of no property, and of the objects that they are about', () => {
    const association = {
      occurredAt: 1,
      fromObjectId: 1,
      toObjectId: 2,
      associationType: 'CONTACT_TO_COMPANY',
      associationRemoved: false,
    };
    expect(read([association]).events[0]?.event).toEqual({
      kind: 'notification',
      occurredAt: 1,
      fromObjectId: '1',
      toObjectId: '2',
      associationType: 'CONTACT_TO_COMPANY',
      associationRemoved: false,
      properties: {},
      payload: association,
    });
  });

  test('of a property that was emptied do not name a visitor without a name', () => {
    for (const propertyValue of ['', null]) {
      const [event] = read([{ ...notification, propertyValue }]).events;
      expect(event?.event).toMatchObject({ propertyName: 'visitor_id', properties: {} });
    }
  });
});

describe('the action of a workflow', () => {
  test.for<[string, unknown]>([
    ['flat, as somebody has put it together', { visitor_id: 'ada', age: 7, vip: true, note: '', none: null }],
    [
      'a record with properties',
      { id: '5005', properties: { visitor_id: 'ada', age: 7, vip: 'true', note: '' }, archived: false },
    ],
    [
      'a contact with the history of its properties',
      {
        vid: 5_005,
        properties: {
          visitor_id: { value: 'ada', versions: [{ value: 'eve' }] },
          age: { value: '7' },
          vip: { value: true },
          note: { value: '' },
        },
      },
    ],
  ])('is one event with the properties in sight: %s', ([, content]) => {
    const { events, faults = [] } = read(content);
    expect(faults).toEqual([]);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      type: 'workflow',
      keySeconds: 600,
      event: {
        kind: 'workflow',
        properties: { visitor_id: 'ada', age: '7', vip: 'true' },
        payload: content,
      },
    });
    expect(events[0]?.event).not.toHaveProperty('properties.note');
  });

  test('is told from others by what the source calls its id, if that finds one', () => {
    const read = (body: unknown, id: () => string | undefined) =>
      hubspot({ group: 12345, signal: () => null, id }).read(webhookRequest({ body: body as object }))
        .events[0];
    expect(read({ deal: 7, seen: 1 }, () => ' 7 ')).toMatchObject({ key: 'workflow:7' });
    expect(read({ deal: 7, seen: 2 }, () => '7')).not.toHaveProperty('keySeconds');
    expect(read({ deal: 7 }, () => undefined)).toMatchObject({ keySeconds: 600 });
    const throwing = () => {
      throw new Error('ada@example.com');
    };
    expect(() => read({ deal: 7 }, throwing)).toThrow('the option "id" of this source threw');
  });

  test('is the same event as long as its body is the same', () => {
    const [one, again, other] = [{ a: 1 }, { a: 1 }, { a: 2 }].flatMap(keysOf);
    expect(again).toBe(one);
    expect(other).not.toBe(one);
  });

  test('does not choose its name in the log', () => {
    expect(read({ subscriptionType: 'contact.creation' }).events[0]?.type).toBe('workflow');
  });

  test('keeps long ids, digit for digit', () => {
    const request = webhookRequest({ body: '{"visitor_id":12345678901234567890}' });
    expect(source.read(request).events[0]?.event).toMatchObject({
      properties: { visitor_id: '12345678901234567890' },
    });
  });
});

test('an event that has been kept as JSON is the same event', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const { event } of read([
        { ...notification, propertyValue: value },
        { occurredAt: 1, value },
      ]).events)
        expect(JSON.parse(JSON.stringify(event))).toEqual(event);
    }),
  );
});

test('a body of any JSON is read, or is unreadable, and nothing else', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      try {
        const { events, faults = [] } = read(value);
        expect(events.length + faults.length).toBe(Array.isArray(value) ? value.length : 1);
      } catch (error) {
        expect(error).toBeInstanceOf(Unreadable);
      }
    }),
  );
});

test.for(['7', '"text"', 'null', '{', ''])('the body %j is unreadable', (content) => {
  expect(() => source.read(webhookRequest({ body: content }))).toThrow(Unreadable);
});
