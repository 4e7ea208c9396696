import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dataverse } from '../../../shared/webhooks/dataverse.ts';
import { Unreadable } from '../../../shared/webhooks/source.ts';
import { webhookRequest } from '../../support/webhook.ts';

const common = { group: 15687, signal: () => null };
const source = dataverse(common);
const key = 'a-secret-of-the-registration';

const contact = '6d81597f-0f9f-4711-8122-000d3aa2331c';
const operation = '4af10637-4ea2-4711-8122-000d3aa2331c';
const correlation = 'b374239d-4233-41a9-8b17-a86cb4f737b5';
const user = '75c2dd85-e89e-4711-8122-000d3aa2331c';
const zeros = '00000000-0000-0000-0000-000000000000';

function pairs(columns: object) {
  return Object.entries(columns).map(([name, value]) => ({ key: name, value }));
}

function entity(columns: object) {
  return { Attributes: pairs(columns), Id: contact, LogicalName: 'contact', FormattedValues: [] };
}

function image(columns: object) {
  return { key: 'image', value: entity(columns) };
}

/** What an asynchronous step for the update of a contact sends. */
function context(more: object = {}) {
  return {
    BusinessUnitId: 'e2b9dd85-e89e-4711-8122-000d3aa2331c',
    CorrelationId: correlation,
    Depth: 1,
    InitiatingUserId: user,
    InputParameters: [
      { key: 'ConcurrencyBehavior', value: 0 },
      {
        key: 'Target',
        value: {
          __type: 'Entity:http://schemas.microsoft.com/xrm/2011/Contracts',
          ...entity({ new_visitorid: 'vis_old', firstname: 'Jo', modifiedon: '/Date(1506384247000)/' }),
        },
      },
    ],
    MessageName: 'Update',
    Mode: 1,
    OperationCreatedOn: '/Date(1506409448000-0700)/',
    OperationId: operation,
    ParentContext: null,
    PostEntityImages: [image({ new_visitorid: 'vis_9f3', fullname: 'Jo Doe' })],
    PreEntityImages: [image({ new_visitorid: 'vis_older' })],
    PrimaryEntityId: contact,
    PrimaryEntityName: 'contact',
    RequestId: null,
    Stage: 40,
    ...more,
  };
}

function read(body: string | object, headers = {}) {
  const [event, ...more] = source.read(webhookRequest({ headers, body })).events;
  expect(more).toEqual([]);
  return event;
}

test('an update tells the row, what changed, and all that is known of it, where the post-image counts', () => {
  expect(read(context())).toMatchObject({
    type: 'contact.Update',
    event: {
      messageName: 'Update',
      entity: 'contact',
      id: contact,
      attributes: {
        new_visitorid: 'vis_9f3',
        firstname: 'Jo',
        fullname: 'Jo Doe',
        modifiedon: '2017-09-26T00:04:07.000Z',
      },
      target: { new_visitorid: 'vis_old', firstname: 'Jo' },
      preImage: { new_visitorid: 'vis_older' },
      postImage: { new_visitorid: 'vis_9f3', fullname: 'Jo Doe' },
      depth: 1,
      correlationId: correlation,
      operationId: operation,
      initiatingUserId: user,
      sizeExceeded: false,
    },
  });
});

test('the slashes of the vendor, which are escaped, make no difference', () => {
  const escaped = JSON.stringify(context()).replaceAll('/', '\\/');
  expect(escaped).toContain('\\/Date(1506384247000)\\/');
  expect(read(escaped)?.event).toEqual(read(context())?.event);
});

test('several images are one record; an empty one takes nothing away', () => {
  const { postImage, attributes } = Object(
    read(
      context({ PostEntityImages: [image({ a: 1, b: 2 }), { key: 'x', value: null }, image({ b: 3 }), {}] }),
    )?.event,
  );
  expect(postImage).toEqual({ a: 1, b: 3 });
  expect(attributes).toMatchObject({ a: 1, b: 3, firstname: 'Jo' });
});

test('a deletion, whose target is a reference, has the columns of its pre-image alone', () => {
  const target = {
    __type: 'EntityReference:http://schemas.microsoft.com/xrm/2011/Contracts',
    Id: contact,
    LogicalName: 'contact',
  };
  const deletion = context({
    MessageName: 'Delete',
    InputParameters: [{ key: 'Target', value: target }],
    PostEntityImages: [],
  });
  expect(read(deletion)?.event).toMatchObject({
    messageName: 'Delete',
    attributes: {},
    preImage: { new_visitorid: 'vis_older' },
  });
});

test('a body that was cut says so, and still tells which row it was', () => {
  const parts = ['ParentContext', 'InputParameters', 'PreEntityImages', 'PostEntityImages'];
  const cut = Object.fromEntries(Object.entries(context()).filter(([name]) => !parts.includes(name)));
  const given = read(cut, { 'x-ms-dynamics-msg-size-exceeded': 'True' });
  expect(given?.event).toMatchObject({ sizeExceeded: true, entity: 'contact', id: contact, attributes: {} });
  expect(given?.key).toBe(read(context())?.key);
});

test('what runs without a depth was begun by a user', () => {
  expect(read(context({ Depth: null }))?.event).toMatchObject({ depth: 1 });
});

test('256 KB are not too much, even if every character of a text is escaped', () => {
  const escaped = JSON.stringify({ text: '"'.repeat(256 * 1024 - 20) });
  expect(escaped.length).toBeLessThanOrEqual(source.maxBytes);
  expect(source.maxBytes).toBe(512 * 1024);
});

test('ids of zeros are none', () => {
  const given = context({
    PrimaryEntityId: zeros,
    OperationId: zeros,
    CorrelationId: null,
    InitiatingUserId: '',
  });
  expect(read(given)?.event).toMatchObject({
    id: undefined,
    operationId: undefined,
    correlationId: undefined,
    initiatingUserId: undefined,
  });
});

describe('an event that comes again is known', () => {
  const keyOf = (more: object) => read(context(more))?.key;
  const differing = [{ PrimaryEntityId: user }, { PrimaryEntityName: 'lead' }, { MessageName: 'Assign' }];

  test('by its operation, with the row and the message, whatever else it tells', () => {
    expect(keyOf({ OperationCreatedOn: '/Date(1)/', Depth: 2 })).toBe(keyOf({}));
    for (const other of [{ OperationId: user }, ...differing]) expect(keyOf(other)).not.toBe(keyOf({}));
  });

  test.for([zeros, null, undefined])(
    'by its correlation and its time, where the operation is %j',
    (OperationId) => {
      const one = keyOf({ OperationId });
      expect(keyOf({ OperationId, InputParameters: [] })).toBe(one);
      expect(one).not.toBe(keyOf({}));
      for (const other of [{ CorrelationId: user }, { OperationCreatedOn: '/Date(1)/' }, ...differing]) {
        expect(keyOf({ OperationId, ...other })).not.toBe(one);
      }
    },
  );

  test.for([
    { OperationId: zeros, CorrelationId: zeros },
    { OperationId: null, OperationCreatedOn: null },
  ])('by its content, for five minutes, where it has neither: %j', (without) => {
    expect(read(context(without))?.keySeconds).toBe(300);
    expect(read(context())?.keySeconds).toBeUndefined();
    expect(keyOf(without)).toBe(keyOf({ ...without }));
    expect(keyOf(without)).not.toBe(keyOf({ ...without, Depth: 2 }));
  });
});

describe('a body that is no context', () => {
  test('is told by its places, without a value of it', () => {
    const wrong = context({ MessageName: '', PrimaryEntityName: 7, PostEntityImages: [{ value: 'Jo Doe' }] });
    expect(() => read(wrong)).toThrow(Unreadable);
    expect(() => read(wrong)).toThrow(/MessageName: .*PrimaryEntityName: .*PostEntityImages\.0\.value: /);
    expect(() => read(wrong)).not.toThrow('Doe');
  });

  test('whatever it is, is read or unreadable', () => {
    const names = Object.keys(context());
    const changed = fc
      .tuple(fc.constantFrom(...names), fc.jsonValue())
      .map(([name, value]) => JSON.stringify(context({ [name]: value })));
    const target = fc
      .jsonValue()
      .map((value) => JSON.stringify(context({ InputParameters: [{ key: 'Target', value }] })));
    const column = fc
      .jsonValue()
      .map((value) => JSON.stringify(context({ PostEntityImages: [image({ value })] })));
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string({ unit: 'binary' }), changed, target, column), (body) => {
        try {
          read(body);
        } catch (error) {
          expect(error).toBeInstanceOf(Unreadable);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('also when it is nested a hundred thousand times', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const body = JSON.stringify(context({ PostEntityImages: [image({ deep: 'HERE' })] })).replace(
      '"HERE"',
      deep,
    );
    expect(() => read(body)).toThrow(Unreadable);
  });
});

describe('what lets a request in', () => {
  const ways = [
    { given: undefined, told: '?code=', query: 'code' },
    { given: 'code', told: '?code=', query: 'code' },
    { given: { query: 'relay-key' }, told: '?relay-key=', query: 'relay-key' },
    { given: { header: 'X-Relay-Key' }, told: 'X-Relay-Key', header: 'x-relay-key' },
  ] as const;

  describe.for(ways)('with $given', ({ given, told, ...place }) => {
    const own = dataverse({ ...common, ...(given && { authentication: given }) });
    const verdict = (values: readonly string[], name?: string) => {
      const request = webhookRequest(
        'header' in place
          ? { headers: { [name ?? place.header]: values } }
          : { query: { [name ?? place.query]: values } },
      );
      return own.authenticate(request, { keys: ['an-older-secret-of-ours', key] }, 0);
    };

    test('is the secret in this place, once', () => {
      expect([verdict([key]), verdict(['an-older-secret-of-ours'])]).toEqual(['authentic', 'authentic']);
      expect([verdict([]), verdict([key], 'elsewhere')]).toEqual(['missing', 'missing']);
      expect([verdict([key, key]), verdict(['x', key])]).toEqual(['malformed', 'malformed']);
    });

    test('is nothing else, and nothing makes it throw', () => {
      fc.assert(
        fc.property(fc.string({ unit: 'binary' }), (value) => {
          fc.pre(value.trim() !== key);
          expect(verdict([value])).not.toBe('authentic');
        }),
      );
    });

    test('is told to people, with what a key may hold', () => {
      expect(own.flaws).toEqual([]);
      expect(own.authentication).toContain(told);
      expect(own.lists.keys?.of).toContain(told);
      expect(own.lists.keys?.flaw?.('schlüssel-von-uns-allen')).toMatch(/^may hold/);
      expect(own.lists.keys?.flaw?.(key)).toBeUndefined();
      const isForHeaders = own.lists.keys?.flaw?.('a/key+of+base64==') === undefined;
      expect(isForHeaders).toBe('header' in place);
    });
  });

  test.for([
    'header',
    '',
    null,
    7,
    {},
    { header: 'no header' },
    { query: '' },
    { query: 'a b' },
    { header: 'x-a', query: 'b' },
    { header: 'x-a', value: 'b' },
  ])('%j says no such place, which is a flaw', (authentication) => {
    const { flaws } = dataverse({ ...common, ...({ authentication } as object) });
    expect(flaws.map(({ path }) => path[0])).toEqual(['authentication']);
  });
});

test('no answer undoes what a user has saved, but the one after which Dataverse comes again', () => {
  expect([source.answers.accepted.status, source.answers.unreadable.status]).toEqual([202, 202]);
  expect(source.answers.unavailable.status).toBe(503);
});

test('people are told that nothing is signed', () => {
  expect(source).toMatchObject({ kind: 'dataverse', transport: 'http', hasReplayProtection: false });
});
