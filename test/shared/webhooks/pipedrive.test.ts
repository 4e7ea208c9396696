import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readKeys } from '../../../shared/webhooks/intake/keys.ts';
import { pipedrive } from '../../../shared/webhooks/pipedrive.ts';
import { Unreadable } from '../../../shared/webhooks/source.ts';
import { webhookRequest } from '../../support/webhook.ts';

const character = fc.nat(0x17f).map((code) => String.fromCharCode(code));

const source = pipedrive({ group: 12345, signal: () => null });
const keys = readKeys(
  '{"keys":["relay:the:one before this one","Relais:Viele Grüße aus Köln"]}',
  source.lists,
);

const judge = (authorization?: string) =>
  source.authenticate(webhookRequest(authorization ? { headers: { authorization } } : {}), keys, 0);
const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;
const read = (body: object | string) => source.read(webhookRequest({ body })).events;

const field = 'b7f2a0c4d16e4f5a9b83c2d1e0f9a8b7c6d5e4f3';
const meta = {
  action: 'change',
  entity: 'deal',
  entity_id: '1815',
  id: '0cbb4b0f-5a5c-4a29-8f4f-4a3f1b0e7d11',
  webhook_id: '321',
  attempt: 1,
  version: '2.0',
};
const changed = {
  meta,
  data: { id: 1815, title: 'Engine', custom_fields: { [field]: { type: 'varchar', value: 'vis_123' } } },
  previous: { title: 'Mill' },
};

describe('a request', () => {
  test('with any one of the keys is authentic, whatever the case of its scheme', () => {
    expect(judge(basic('relay:the:one before this one'))).toBe('authentic');
    expect(judge(basic('Relais:Viele Grüße aus Köln').replace('Basic', 'bAsIc'))).toBe('authentic');
  });

  test('with another character anywhere in its credentials is refused, and nothing breaks', () => {
    const good = basic('Relais:Viele Grüße aus Köln');
    fc.assert(
      fc.property(fc.nat(good.length - 1), character, (at, other) => {
        const wrong = good.slice(0, at) + other + good.slice(at + 1);
        fc.pre(wrong.toLowerCase() !== good.toLowerCase());
        expect(['mismatch', 'malformed']).toContain(judge(wrong));
      }),
      { numRuns: 500 },
    );
  });

  test.for([
    [undefined, 'missing'],
    ['Basic', 'malformed'],
    ['Basic %%%', 'malformed'],
    ['Basic cmVsYXk6', 'mismatch'],
    ['Basic cmVsYXk', 'malformed'],
    ['Bearer cmVsYXk6', 'malformed'],
    [basic('relay:the'), 'mismatch'],
    [`Basic ${Buffer.from('Relais:Viele Grüße aus Köln', 'latin1').toString('base64')}`, 'malformed'],
  ] as const)('with %j is refused: %s', ([authorization, verdict]) => {
    expect(judge(authorization)).toBe(verdict);
  });
});

describe('a notification', () => {
  test('has the record as it is and as it was, its own fields by their keys', () => {
    expect(read(changed)).toEqual([
      {
        key: '321:0cbb4b0f-5a5c-4a29-8f4f-4a3f1b0e7d11',
        type: 'change.deal',
        event: {
          action: 'change',
          entity: 'deal',
          id: '1815',
          data: changed.data,
          previous: { title: 'Mill', custom_fields: {} },
          meta,
        },
      },
    ]);
  });

  test('is the same at every attempt', () => {
    const keysOf = [1, 2, 3, 4].map((attempt) => read({ ...changed, meta: { ...meta, attempt } })[0]?.key);
    expect(new Set(keysOf).size).toBe(1);
  });

  test('of another webhook is another one, and so is another event of the same', () => {
    const others = [{ webhook_id: '322' }, { id: '0cbb4b0f-5a5c-4a29-8f4f-4a3f1b0e7d12' }];
    const keysOf = others.map((other) => read({ ...changed, meta: { ...meta, ...other } })[0]?.key);
    expect(new Set([...keysOf, read(changed)[0]?.key]).size).toBe(3);
  });

  test('is the same whether its ids come as numbers or as text', () => {
    const numbers = { ...changed, meta: { ...meta, entity_id: 1815, webhook_id: 321 } };
    expect(read(numbers)).toEqual(read(changed));
  });

  test('keeps ids of any length', () => {
    const json = JSON.stringify(changed)
      .replace('"1815"', '12345678901234567890')
      .replace('"321"', '98765432109876543');
    expect(read(json)).toMatchObject([
      { key: `98765432109876543:${meta.id}`, event: { id: '12345678901234567890' } },
    ]);
  });

  test.for([
    ['delete', { data: null }, { data: undefined, previous: { title: 'Mill', custom_fields: {} } }],
    ['create', { previous: null }, { previous: undefined, data: changed.data }],
    ['create', { data: { custom_fields: [] }, previous: undefined }, { data: { custom_fields: {} } }],
  ] as const)('of %s has what there is: %j', ([action, given, found]) => {
    expect(read({ ...changed, ...given, meta: { ...meta, action } })).toMatchObject([
      { type: `${action}.deal`, event: { action, ...found } },
    ]);
  });

  test('of version 1 is unreadable: its ids are those of records, so that only the first change would count', () => {
    const old = {
      v: 1,
      meta: { v: 1, action: 'updated', object: 'deal', id: 1815, webhook_id: '321' },
      current: {},
    };
    expect(() => read(old)).toThrow(
      new Unreadable('the webhook is of version 1: make one of version 2 in its place'),
    );
  });

  test.for([
    ['{}', 'meta: is missing'],
    ['[]', 'must be an object'],
    [
      '{"meta":{"id":"","webhook_id":{}},"data":7}',
      'meta.id: must not be empty; meta.webhook_id: must be text or a whole number; ' +
        'meta.action: is missing; meta.entity: is missing; meta.entity_id: must be text or a whole number; ' +
        'data: must be an object',
    ],
    ['', 'the body is empty'],
  ] as const)('%s is unreadable: %s', ([body, message]) => {
    expect(() => read(body)).toThrow(new Unreadable(message));
  });

  test('of any shape is read, or is unreadable, and nothing else', () => {
    const ids = fc.record({ id: fc.jsonValue(), webhook_id: fc.jsonValue(), v: fc.nat(2) });
    const near = fc.record({ meta: ids.map((odd) => ({ ...meta, ...odd })), data: fc.jsonValue() });
    fc.assert(
      fc.property(fc.oneof(near, fc.jsonValue()), (body) => {
        try {
          expect(read(JSON.stringify(body))).toHaveLength(1);
        } catch (error) {
          expect(error).toBeInstanceOf(Unreadable);
        }
      }),
    );
  });
});

test('no first try of an authentic request fails but where its event would be lost otherwise', () => {
  const { accepted, unreadable, unavailable } = source.answers;
  expect([accepted.status, unreadable.status, unavailable.status]).toEqual([200, 200, 503]);
});

test('whoever lists the source learns that captured requests stay good', () => {
  expect(source.hasReplayProtection).toBe(false);
});
