import { expect, test } from 'vitest';
import { columnsOf } from '../../../../shared/webhooks/body/dataverse-columns.ts';

/** Any value of a column, read. */
function read(value: unknown) {
  return columnsOf({ Attributes: [{ key: 'column', value }] }).column;
}

function typed(type: string, fields: object) {
  return { __type: `${type}:http://schemas.microsoft.com/xrm/2011/Contracts`, ...fields };
}

test.for(['text', '00123', '', 12.5, 0, true, false, null])('%j is itself', (value) => {
  expect(read(value)).toBe(value);
});

test('a choice is its number, several choices are a list of them', () => {
  expect(read(typed('OptionSetValue', { Value: 1 }))).toBe(1);
  expect(read([typed('OptionSetValue', { Value: 1 }), typed('OptionSetValue', { Value: 0 })])).toEqual([
    1, 0,
  ]);
});

test('an amount is its number', () => {
  expect(read(typed('Money', { Value: 1500.5 }))).toBe(1500.5);
});

test('a lookup tells the row and what it is', () => {
  const reference = {
    Id: 'guid',
    KeyAttributes: [],
    LogicalName: 'account',
    Name: 'Contoso',
    RowVersion: null,
  };
  expect(read(typed('EntityReference', reference))).toEqual({
    entity: 'account',
    id: 'guid',
    name: 'Contoso',
  });
});

test('an object of any other kind stays as it came', () => {
  const others = [typed('EntityCollection', { Entities: [] }), { Value: 1 }, { __type: 7 }, {}];
  for (const other of others) expect(read(other)).toEqual(other);
  expect(read([['nested']])).toEqual([['nested']]);
});

test.for([
  ['/Date(1506409448000-0700)/', '2017-09-26T07:04:08.000Z'],
  ['/Date(1506409448000+0530)/', '2017-09-26T07:04:08.000Z'],
  ['/Date(1506409448000)/', '2017-09-26T07:04:08.000Z'],
  ['/Date(-62135596800000)/', '0001-01-01T00:00:00.000Z'],
] as const)('%s is the time %s', ([written, time]) => {
  expect(read(written)).toBe(time);
});

test.for(['/Date()/', '/Date(x)/', ' /Date(1)/', '/Date(9999999999999999)/', '/Date(1-070)/', 'Date(1)'])(
  '%j is a text like any other',
  (text) => {
    expect(read(text)).toBe(text);
  },
);

test('a row without columns has none; a column may have any name', () => {
  for (const empty of [undefined, null, {}, { Attributes: null }]) expect(columnsOf(empty)).toEqual({});
  const columns = columnsOf({ Attributes: [{ key: '__proto__', value: 'x' }, { key: 'a' }] });
  expect(Object.keys(columns)).toEqual(['__proto__', 'a']);
  expect(Object.getPrototypeOf(columns)).toBe(Object.prototype);
});
