import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ScanError } from '../../../../shared/snapshots/scan/scan-error.ts';
import { VisitorLines, type VisitorLinesOptions } from '../../../../shared/snapshots/scan/visitor-lines.ts';
import { answer, cuts, inPieces, json } from './answers.ts';
import { partsOf, referenceVisitors } from './reference.ts';

const time = '2026-11-22T12:05:00Z';

interface Scanned {
  readonly text: string;
  readonly ids: readonly string[];
  readonly lines: VisitorLines;
}

function scan(
  bytes: string | Buffer,
  lengths: readonly number[] = [65_536],
  options: Partial<VisitorLinesOptions> = {},
): Scanned {
  const ids: string[] = [];
  const hashes = {
    add: (from: Uint8Array, start: number, end: number) => {
      ids.push(Buffer.from(from.subarray(start, end)).toString());
    },
  };
  const lines = new VisitorLines({ time, fields: 'all', hashes, ...options });
  const pieces = inPieces(Buffer.from(bytes), lengths).map((piece) => lines.push(piece));
  lines.end();
  const text = Buffer.concat(pieces);
  expect(lines.bytes).toBe(text.length);
  return { text: text.toString(), ids, lines };
}

function lineOf(visitor: string, id: string | undefined): string {
  const named = id === undefined ? '' : `,"visitorid":${JSON.stringify(id)}`;
  return `{"snapshot":"${time}","visitor":${visitor}${named}}\n`;
}

/** Only among white space can there be line breaks in JSON. */
function onOneLine(text: string): string {
  return text.replaceAll(/[\r\n]/g, ' ');
}

test('a visitor is a line with its own bytes, the time of the snapshot and its id', () => {
  const { text, ids, lines } = scan('{"visitors":[{"visitorid":"ada", "n":1.50},\n{"visitorid":"bob"}]}');
  expect(text).toBe(
    `{"snapshot":"${time}","visitor":{"visitorid":"ada", "n":1.50},"visitorid":"ada"}\n` +
      `{"snapshot":"${time}","visitor":{"visitorid":"bob"},"visitorid":"bob"}\n`,
  );
  expect(ids).toEqual(['ada', 'bob']);
  expect(lines.visitors).toBe(2);
  expect(lines.unnamed).toBe(0);
});

test.for([
  ['{"ada":{"url":"/"},"b\\"ob":{}}', ['ada', 'b"ob']],
  ['{"count":2,"more":{"a":[]},"visitors":[{"visitorid":"ada"}],"next":{"visitorid":"no"}}', ['ada']],
  ['[{"visitorid":"a","visitorid":"b"}]', ['b']],
  ['[{"visitorid":"a","\\u0076isitorid":"b"}]', ['b']],
  ['[{"visitorid":"a","visitorid":null},{"visitorid":""},{"visitorid":["a"]},{},null,"ada",5]', []],
  ['[{"visitorid":12345},{"visitorid":-1e5},{"visitorid":"\\u0061"}]', ['12345', '-1e5', 'a']],
  ['[{"data":{"visitorid":"no"}},[{"visitorid":"no"}],[["visitorid","no"]]]', []],
  ['{"visitors":{"url":"/"},"ada":{}}', ['visitors', 'ada']],
  ['{}', []],
  [' []\n', []],
  ['{"visitors":[]}', []],
  ['{"visitors":5,"visitors":[{"visitorid":"ada"}]}', ['ada']],
] as const)('the ids of %s', ([given, expected]) => {
  for (const lengths of [[1], [7], [65_536]]) expect(scan(given, lengths).ids).toEqual(expected);
});

test('a visitor whose id takes more than 4,096 bytes is unnamed', () => {
  const [longest, longer] = ['a'.repeat(4_096), 'a'.repeat(4_097)];
  for (const given of [
    `[{"visitorid":"${longest}"},{"visitorid":"${longer}"}]`,
    `{"${longest}":{},"${longer}":{}}`,
  ])
    for (const lengths of [[7], [65_536]]) expect(scan(given, lengths).ids).toEqual([longest]);
});

test('a key may be longer than any id, and be cut within an escape', () => {
  const long = `\\u0061${'a'.repeat(5_000)}`;
  for (const given of [`{"${long}":{}}`, `{"${long}":5,"visitors":[{"${long}":{}}]}`]) {
    const { lines } = scan(given, [5, 65_536]);
    expect([lines.visitors, lines.unnamed]).toEqual([1, 1]);
  }
});

test('of every answer in whatever pieces, each visitor is a line, as JSON.parse sees it and in its own bytes', () => {
  fc.assert(
    fc.property(answer, cuts, (given, lengths) => {
      const visitors = referenceVisitors(given);
      fc.pre(visitors !== undefined);
      const { text, ids, lines } = scan(given, lengths);
      expect(text).toBe(visitors.map((visitor) => lineOf(onOneLine(visitor.text), visitor.id)).join(''));
      const named = visitors.flatMap(({ id }) => id ?? []);
      expect(ids).toEqual(named.map((id) => Buffer.from(id).toString()));
      expect(lines.visitors).toBe(visitors.length);
      expect(lines.unnamed).toBe(visitors.length - named.length);
      const read = text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line).visitor);
      expect(read).toEqual(visitors.map((visitor) => JSON.parse(visitor.text)));
    }),
    { numRuns: 1_000 },
  );
});

test('of a list of fields, nothing else is in a line, and each field is in its own bytes and place', () => {
  const fields = ['url', 'visitorid', 'größe', '__proto__', ''];
  fc.assert(
    fc.property(answer, cuts, fc.subarray(fields), fc.boolean(), (given, lengths, some, isDigest) => {
      const visitors = referenceVisitors(given);
      fc.pre(visitors !== undefined);
      const replaceId = (id: string) => `digest of ${id}`;
      const { text } = scan(given, lengths, { fields: some, ...(isDigest && { replaceId }) });
      const kept = isDigest ? some.filter((field) => field !== 'visitorid') : some;
      const expected = visitors.map((visitor) =>
        lineOf(
          projected(visitor.text, (key) => kept.includes(key)),
          visitor.id !== undefined && isDigest ? replaceId(visitor.id) : visitor.id,
        ),
      );
      expect(text).toBe(expected.join(''));
    }),
    { numRuns: 500 },
  );
});

test('with digests for ids, a visitor has everything but its own id', () => {
  const replaceId = (id: string) => `digest of ${id}`;
  fc.assert(
    fc.property(answer, cuts, (given, lengths) => {
      const visitors = referenceVisitors(given);
      fc.pre(visitors !== undefined);
      const { text, ids } = scan(given, lengths, { replaceId });
      const digests = visitors.map(({ id }) => id && replaceId(id));
      const lines = visitors.map(({ text }, at) =>
        lineOf(
          projected(text, (key) => key !== 'visitorid'),
          digests[at],
        ),
      );
      expect(text).toBe(lines.join(''));
      expect(ids).toEqual(digests.flatMap((id) => (id ? [Buffer.from(id).toString()] : [])));
    }),
    { numRuns: 500 },
  );
});

function projected(visitor: string, keeps: (key: string) => boolean): string {
  if (!visitor.startsWith('{')) return 'null';
  const kept = partsOf(visitor).filter(({ key = '' }) => keeps(key));
  return onOneLine(`{${kept.map(({ rawKey, value }) => `${rawKey}:${value}`).join(',')}}`);
}

test.for([
  '',
  ' ',
  '5',
  '"visitors"',
  'null',
  '{"err":5,"msg":"no"}',
  '{"err":{},"msg":"no"}',
  '{"count":0}',
  '{"visitors":{}}',
  '{"visitors":{"ada":{}}}',
  '{"ada":{},"count":1}',
  '{"ada":{},"visitors":[]}',
  '{"visitors":[],"visitors":[]}',
  '\ufeff[]',
  '[] []',
  '[],',
  '[1,]',
  '[{"a":1,}]',
  '[01]',
  '[1}',
  '["\t"]',
  '[\u00a0]',
])('%j is refused', (given) => {
  for (const lengths of [[1], [65_536]]) expect(() => scan(given, lengths)).toThrow(ScanError);
});

test('an answer that is cut off anywhere is refused', () => {
  fc.assert(
    fc.property(answer, cuts, (given, lengths) => {
      const bytes = Buffer.from(given.trim());
      fc.pre(referenceVisitors(given) !== undefined && bytes.length < 400);
      for (let length = 0; length < bytes.length; length += 1)
        expect(() => scan(bytes.subarray(0, length), lengths)).toThrow(ScanError);
    }),
    { numRuns: 15 },
  );
});

test('a byte changed, added or lost anywhere is noticed exactly if JSON.parse notices, or the shape is another one', () => {
  const byte = fc.oneof(
    fc.constantFrom(...Buffer.from('{}[]",:\\u0e-+.tfn \n\t')),
    fc.integer({ min: 0, max: 255 }),
  );
  const change = fc.record({
    at: fc.nat(),
    lost: fc.nat({ max: 2 }),
    added: fc.array(byte, { maxLength: 2 }),
  });
  fc.assert(
    fc.property(
      fc.oneof(answer, json),
      cuts,
      fc.array(change, { minLength: 1, maxLength: 30 }),
      (given, lengths, changes) => {
        for (const { at, lost, added } of changes) {
          const bytes = [...Buffer.from(given)];
          bytes.splice(at % (bytes.length + 1), lost, ...added);
          const changed = Buffer.from(bytes);
          const visitors = isUtf8(changed) ? referenceVisitors(changed.toString()) : undefined;
          if (visitors) expect(scan(changed, lengths).lines.visitors).toBe(visitors.length);
          else expect(() => scan(changed, lengths)).toThrow(ScanError);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('after an error everything is an error, and none says what it read', () => {
  const lines = new VisitorLines({ time, fields: 'all', hashes: { add() {} } });
  lines.push(Buffer.from('[{"visitorid":"ada"},'));
  expect(() => lines.push(Buffer.from('secret]'))).toThrow('it is no JSON at byte 21');
  expect(() => lines.push(Buffer.from('{}]'))).toThrow(ScanError);
  expect(() => lines.end()).toThrow(ScanError);
});

test('a thousand brackets may be open, and no more', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  expect(scan(nested(1_000)).lines.visitors).toBe(1);
  expect(() => scan(nested(1_001))).toThrow('more than 1000 brackets are open at byte 1000');
});

test.for([
  ['text', (): Partial<VisitorLinesOptions> => ({})],
  ['text with digests for ids', () => ({ replaceId: () => 'digest' })],
] as const)('a visitor of 50 MB of %s passes without being held', ([, options]) => {
  const lines = new VisitorLines({ time, fields: 'all', hashes: { add() {} }, ...options() });
  const piece = Buffer.alloc(65_536, 'x');
  lines.push(Buffer.from('[{"visitorid":"ada","text":"'));
  for (let passed = 0; passed < 50e6; passed += piece.length) {
    expect(lines.push(piece)).toHaveLength(piece.length);
  }
  lines.push(Buffer.from('","'));
  for (let passed = 0; passed < 1e6; passed += piece.length) lines.push(piece);
  lines.push(Buffer.from('":1}]'));
  lines.end();
  expect(lines.visitors).toBe(1);
  expect(lines.unnamed).toBe(0);
});

test('what was given out is not written to any more', () => {
  const lines = new VisitorLines({ time, fields: 'all', hashes: { add() {} } });
  const first = lines.push(Buffer.from('[{"visitorid":"ada"},'));
  const copy = Buffer.from(first);
  lines.push(Buffer.from('{"visitorid":"bob"}]'));
  expect(first.equals(copy)).toBe(true);
});
