import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pythonRepr, pythonText } from '../../../../infra/local/presence/python-text.ts';

// What CPython 3.11 prints for repr(json.loads(…)).
test.for([
  [null, 'None'],
  [true, 'True'],
  [0.1, '0.1'],
  [1e21, '1e+21'],
  [0.00001, '1e-05'],
  [0.0001, '0.0001'],
  [123456789012345680000, '123456789012345680000'],
  ['plain', "'plain'"],
  ["it's", `"it's"`],
  [`"it's"`, `'"it\\'s"'`],
  ['a\\b\n\t\u0000\u00a0', "'a\\\\b\\n\\t\\x00\\xa0'"],
  ['é ☂ 😀 \u200b \u{10ffff}', "'é ☂ 😀 \\u200b \\U0010ffff'"],
  [{ a: [1, { 'b c': false }], d: {} }, "{'a': [1, {'b c': False}], 'd': {}}"],
] as const)('%j is written %s', ([value, text]) => {
  expect(pythonRepr(value)).toBe(text);
});

test('text stays as it is', () => {
  fc.assert(fc.property(fc.string(), (text) => pythonText(text) === text));
});

test('what Python writes, Python reads: nothing of a value is lost', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      expect(JSON.stringify(read(pythonRepr(value)))).toBe(JSON.stringify(value));
    }),
  );
});

test('a value is one printable line', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) =>
      /^[^\p{C}\p{Zl}\p{Zp}]*$/u.test(pythonRepr(value)),
    ),
  );
});

/** Reads a Python literal by turning it into JSON, token by token. */
function read(literal: string): unknown {
  const tokens = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|None|True|False|[^'"NTF]+/g;
  const words = new Map([
    ['None', 'null'],
    ['True', 'true'],
    ['False', 'false'],
  ]);
  return JSON.parse(
    literal.replace(tokens, (token) => words.get(token) ?? (/^['"]/.test(token) ? string(token) : token)),
  );
}

function string(quoted: string): string {
  const named = new Map([
    ['n', '\n'],
    ['r', '\r'],
    ['t', '\t'],
  ]);
  const escapes = /\\(?:x(..)|u(....)|U(.{8})|(.))/gs;
  return JSON.stringify(
    quoted.slice(1, -1).replace(escapes, (_, x?: string, u?: string, long?: string, char = '') => {
      const hex = x ?? u ?? long;
      return hex === undefined ? (named.get(char) ?? char) : String.fromCodePoint(Number.parseInt(hex, 16));
    }),
  );
}
