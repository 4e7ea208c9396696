import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { salesforceEventRelay } from '../../../shared/webhooks/salesforce-event-relay.ts';
import { Unreadable } from '../../../shared/webhooks/source.ts';
import { webhookRequest } from '../../support/webhook.ts';

const eventSource = 'aws.partner/salesforce.com/00DRM000000Fxts2AC/0YLRM0000004Dfg4AE';
const source = salesforceEventRelay({ group: 15687, eventSource, signal: () => null });

const uuid = '2ec5b1a7-6b5f-4c1e-9a52-3a7e0f6c1d10';
const payload = { CreatedDate: 1_700_000_000_123, CreatedById: '005D0000001x', Visitor_Id__c: 'vis_9f3' };
const header = {
  entityName: 'Contact',
  recordIds: ['003D000000QOMqNIAX', '003D000000QOMqIIAX'],
  changeType: 'UPDATE',
  changedFields: ['Visitor_Id__c', 'LastModifiedDate'],
  transactionKey: '000abc12-9d90-e395-ed20-cf416ba652ad',
  sequenceNumber: 2,
  commitTimestamp: 1_700_000_000_123,
};

function event(detail: object, more: object = {}) {
  return {
    version: '0',
    id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    'detail-type': 'Order_Shipped__e',
    source: eventSource,
    account: '111122223333',
    time: '2026-11-20T10:00:00Z',
    region: 'us-east-1',
    resources: [],
    detail,
    ...more,
  };
}

function read(body: string | object) {
  return source.read(webhookRequest({ body }));
}

function keyOf(body: object) {
  return read(body).events[0]?.key;
}

test('a platform event is read with its fields', () => {
  expect(
    read(event({ payload, schema: 'dffQ2QLzDNHqwB8_sHMxdA', event: { EventUuid: uuid, replayId: 7 } })),
  ).toEqual({
    events: [
      {
        key: uuid,
        type: 'Order_Shipped__e',
        event: { type: 'Order_Shipped__e', id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718', payload },
      },
    ],
  });
});

test('a change event tells which records changed, and how', () => {
  const changed = { ...payload, ChangeEventHeader: header };
  const [reading] = read(event({ payload: changed }, { 'detail-type': 'ContactChangeEvent' })).events;
  expect(reading?.type).toBe('ContactChangeEvent');
  expect(reading?.event).toMatchObject({ type: 'ContactChangeEvent', payload: changed, change: header });
});

describe('an event that comes again is known', () => {
  test('by its transaction, its place in it and its kind of record, if it is a change', () => {
    const change = (more: object, id: string) =>
      event({ payload: { ChangeEventHeader: { ...header, ...more } } }, { id });
    const key = keyOf(change({}, 'first'));
    expect(keyOf(change({}, 'second'))).toBe(key);
    for (const other of [{ transactionKey: 'x' }, { sequenceNumber: 3 }, { entityName: 'Lead' }]) {
      expect(keyOf(change(other, 'first'))).not.toBe(key);
    }
  });

  test('by its own UUID, wherever that stands', () => {
    const places = [
      { payload, event: { EventUuid: uuid } },
      { payload: { ...payload, EventUuid: uuid } },
      { payload, id: uuid },
    ];
    for (const detail of places) expect(keyOf(event(detail, { id: 'of EventBridge' }))).toBe(uuid);
  });

  test('by what EventBridge calls it, where there is nothing else', () => {
    expect(keyOf(event({ payload }))).toBe('6a7e8feb-b491-4cf7-a9f1-bf3703467718');
    const incomplete = { ...header, transactionKey: null, changedFields: null };
    expect(keyOf(event({ payload: { ChangeEventHeader: incomplete }, event: null }))).toBe(
      '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    );
  });
});

describe('an event is refused', () => {
  test.for([
    'aws.partner/salesforce.com/00DRM000000Fxts2AC/0YLRM0000004Dfg4AF',
    'aws.partner/salesforce.com/00D50000000IZ3ZEAW/0YLRM0000004Dfg4AE',
    `${eventSource}/`,
    eventSource.toUpperCase(),
    'own.application',
    '',
  ])('from %j, which is another event source', (other) => {
    expect(() => read(event({ payload }, { source: other }))).toThrow('another event source');
  });

  test('without the parts that make it one, each told by its place', () => {
    expect(() => read({ ...event({}), id: '', 'detail-type': 7 })).toThrow(Unreadable);
    expect(() => read({ ...event({}), id: '', 'detail-type': 7 })).toThrow(
      /^id: .*; detail-type: .*; detail\.payload: /,
    );
  });

  test('whatever it is: it is read, or unreadable', () => {
    const anything = fc.oneof(
      fc.json(),
      fc.json().map((detail) => JSON.stringify(event({}, { detail: JSON.parse(detail) }))),
      fc.json().map((given) => JSON.stringify(event({ payload: JSON.parse(given) }))),
      fc.json().map((given) => JSON.stringify(event({ payload: { ChangeEventHeader: JSON.parse(given) } }))),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(anything, (body) => {
        try {
          read(body);
        } catch (error) {
          expect(error).toBeInstanceOf(Unreadable);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test('nothing that comes over HTTP is ever authentic, not even the event itself', () => {
  const given = fc.record({
    headers: fc.dictionary(fc.string(), fc.string()),
    query: fc.dictionary(fc.string(), fc.string()),
    body: fc.oneof(fc.json(), fc.constant(JSON.stringify(event({ payload })))),
  });
  fc.assert(
    fc.property(given, fc.array(fc.string()), (request, keys) => {
      expect(source.authenticate(webhookRequest(request), { keys }, Date.now())).toBe('missing');
    }),
  );
});

test('it needs no secret, and comes by the event source that is configured', () => {
  expect(source).toMatchObject({
    kind: 'salesforce-event-relay',
    transport: { eventSource },
    lists: {},
    flaws: [],
  });
});

test.for([
  '',
  'aws.partner/salesforce.com/00DRM000000Fxts/0YLRM0000004Dfg4AE',
  'aws.partner/salesforce.com/00DRM000000Fxts2AD/0YLRM0000004Dfg4AE',
  'aws.partner/salesforce.com/00DRM000000Fxts2AC/',
  'aws.partner/salesforce.com/00DRM000000Fxts2AC',
  'aws.partner/example.com/00DRM000000Fxts2AC/0YLRM0000004Dfg4AE',
  'arn:aws:events:us-east-1::event-source/aws.partner/salesforce.com/00DRM000000Fxts2AC/0YLRM0000004Dfg4AE',
])('%j is no event source of Salesforce, which is a flaw of the configuration', (wrong) => {
  const { flaws } = salesforceEventRelay({ group: 1, eventSource: wrong, signal: () => null });
  expect(flaws.map(({ path }) => path)).toEqual([['eventSource']]);
});
