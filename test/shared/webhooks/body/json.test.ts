import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { isJsonObject, loggedType, readAs, readJson } from '../../../../shared/webhooks/body/json.ts';
import { Unreadable } from '../../../../shared/webhooks/source.ts';
import { textAt } from '../../../../shared/webhooks/text-at.ts';

const read = (text: string) => readJson(Buffer.from(text));

describe('a body', () => {
  test('is read as the JSON that it is, wherever its numbers are short', () => {
    const short = fc.jsonValue().filter((value) => !/\d{16}/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(short, (value) => {
        expect(read(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('keeps ids of any length, digit for digit', () => {
    const ids = fc.oneof(fc.bigInt(-(10n ** 40n), 10n ** 40n), fc.bigInt(-(10n ** 17n), 10n ** 17n));
    const longest = 10n ** 15n - 1n;
    fc.assert(
      fc.property(ids, (id) => {
        const [found] = read(`[ ${id} ]`) as unknown[]; // of what was just written
        expect(String(found)).toBe(String(id));
        expect(typeof found).toBe(id >= -longest && id <= longest ? 'number' : 'string');
      }),
      { examples: [[longest], [-longest], [longest + 1n], [-longest - 1n]] },
    );
  });

  test('keeps numbers that are no ids as numbers', () => {
    expect(read('[1.5, 3.141592653589793, 1e3, -0]')).toEqual([1.5, Math.PI, 1_000, -0]);
  });

  test.for([
    ['', 'the body is empty'],
    ['{', 'the body is not JSON'],
    ['{"secret": nobody@example.com}', 'the body is not JSON'],
    ['a=1&b=2', 'the body is not JSON'],
    ['['.repeat(100_000), 'the body is not JSON'],
    ['['.repeat(100_000) + ']'.repeat(100_000), 'the body is nested too deeply'],
  ])('%# that is none is told of in words that repeat nothing of it', ([text = '', words]) => {
    expect(() => read(text)).toThrow(new Unreadable(words));
  });

  test('that is not UTF-8 is not read with other letters in it', () => {
    const latin1 = Buffer.from('{"id":"Zo\xeb"}', 'latin1');
    expect(() => readJson(latin1)).toThrow(new Unreadable('the body is not UTF-8'));
  });

  test('of any bytes is read, or is unreadable, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          readJson(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(Unreadable);
        }
      }),
    );
  });

  test('with the names of inherited things holds no inherited things', () => {
    const body = read('{"__proto__":{"isAdmin":true},"constructor":1}') as object;
    expect(Object.keys(body)).toEqual(['__proto__', 'constructor']);
    expect('isAdmin' in body).toBe(false);
  });
});

describe('a shape', () => {
  const shape = z.object({ id: z.string(), detail: z.object({ level: z.enum(['low', 'high']) }) });

  test('gives what is asked for', () => {
    const value = { id: 'a', detail: { level: 'low', more: 1 }, more: 1 };
    expect(readAs(shape, value)).toEqual({ id: 'a', detail: { level: 'low' } });
  });

  test('that does not fit is told of by every place, and no value is repeated', () => {
    const value = { detail: { level: 'nobody@example.com' } };
    expect(() => readAs(shape, value)).toThrow(
      new Unreadable('id: is missing; detail.level: must be "low" or "high"'),
    );
    expect(() => readAs(shape, 'nobody@example.com')).toThrow(new Unreadable('must be an object'));
  });
});

test('an object is neither a list nor nothing', () => {
  expect([{}, { a: 1 }].every(isJsonObject)).toBe(true);
  expect([null, [], 'a', 1, true, undefined].some(isJsonObject)).toBe(false);
});

describe('the text at a place', () => {
  const value = read('{"user":{"ids":["vis_1",12345678901234567890],"age":7,"in":false,"no":null}}');

  test.for([
    [['user', 'ids', 0], 'vis_1'],
    [['user', 'ids', 1], '12345678901234567890'],
    [['user', 'age'], '7'],
    [['user', 'in'], 'false'],
    [['user', 'no'], undefined],
    [['user'], undefined],
    [['user', 'ids'], undefined],
    [['user', 'ids', 2], undefined],
    [['user', 'age', 'more'], undefined],
    [['user', 'ids', 0, 0], undefined],
    [['user', 'toString', 'name'], undefined],
    [['constructor', 'name'], undefined],
    [[], undefined],
  ] as const)('%j is %j', ([place, text]) => {
    expect(textAt(value, ...place)).toBe(text);
  });

  test('of a text is the text', () => {
    expect(textAt('vis_1')).toBe('vis_1');
    expect(textAt(undefined)).toBeUndefined();
  });

  test('is sought without an error, whatever the JSON and the place', () => {
    const place = fc.array(fc.oneof(fc.string(), fc.nat(3), fc.constantFrom('__proto__', 'constructor')));
    fc.assert(
      fc.property(fc.jsonValue(), place, (json, names) => {
        expect(['string', 'undefined']).toContain(typeof textAt(json, ...names));
      }),
    );
  });
});

test.for([
  ['contact.propertyChange', 'contact.propertyChange'],
  ['zen:event-type:user.active_changed', 'zen:event-type:user.active_changed'],
  ['a'.repeat(80), 'a'.repeat(80)],
  ['a'.repeat(81), 'other'],
  ['ada@example.com', 'other'],
  ['Ada Lovelace', 'other'],
  ['line\nbreak', 'other'],
  ['line\n', 'other'],
  ['', 'other'],
  [7, 'other'],
  [undefined, 'other'],
])('a kind of event that its sender names %j stands in the log as %j', ([given, logged]) => {
  expect(loggedType(given)).toBe(logged);
});
