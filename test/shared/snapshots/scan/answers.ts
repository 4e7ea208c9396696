import fc from 'fast-check';

/** Text as somebody may write it in JSON, with the quotes: plain, and in every kind of escape. */
const character = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }).map(inJson) },
  { weight: 2, arbitrary: fc.constantFrom('ä', '€', '👍', '\u2028', '\u007f', '\ufeff') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\\"', '\\\\', '\\/', '\\b', '\\f', '\\n', '\\r', '\\t', '\\u0000'),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('\\ud83d\\udc4d', '\\ud83d', '\\uDC4D', '\\u0076', '{', ',"visitorid":')
      .map((text) => (text.startsWith(',') ? inJson(text) : text)),
  },
);
const text = fc
  .oneof(
    { weight: 9, arbitrary: fc.array(character, { maxLength: 12 }).map((all) => all.join('')) },
    {
      weight: 1,
      arbitrary: fc.array(character, { minLength: 60, maxLength: 300 }).map((all) => all.join('')),
    },
  )
  .map((inside) => `"${inside}"`);

const scalar = fc.oneof(
  text,
  fc.constantFrom(
    '0',
    '-0',
    '7',
    '-12',
    '1.50',
    '0.0',
    '1e5',
    '1E+5',
    '2.25e-07',
    '1e400',
    '12345678901234567890',
  ),
  fc.constantFrom('true', 'false', 'null'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);

const white = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom(' ', '\n', '\r\n', '\t', ' \n\n  ') },
);

const key = fc.oneof(
  { weight: 5, arbitrary: text },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      '"visitorid"',
      '"\\u0076isitorid"',
      '"visitori\\u0064"',
      '"visitorId"',
      '"visitors"',
    ),
  },
  { weight: 3, arbitrary: fc.constantFrom('"__proto__"', '"url"', '"u\\u0072l"', '"größe"', '"1"', '""') },
);

function joined(
  parts: readonly string[],
  [open, close]: readonly [string, string],
  space: readonly string[],
): string {
  const around = parts.map(
    (part, at) => `${space[at % space.length]}${part}${space[(at + 1) % space.length]}`,
  );
  return `${open}${around.join(',') || space[0]}${close}`;
}

const spaces = fc.array(white, { minLength: 3, maxLength: 5 });

function listOf(element: fc.Arbitrary<string>) {
  return fc
    .tuple(fc.array(element, { maxLength: 5 }), spaces)
    .map(([all, space]) => joined(all, ['[', ']'], space));
}

function objectOf(value: fc.Arbitrary<string>, keys = key) {
  const member = fc
    .tuple(keys, white, white, value)
    .map(([name, before, after, is]) => `${name}${before}:${after}${is}`);
  return fc
    .tuple(fc.array(member, { maxLength: 5 }), spaces)
    .map(([all, space]) => joined(all, ['{', '}'], space));
}

const { value: anyValue } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    { weight: 5, arbitrary: scalar },
    listOf(tie('value')),
    objectOf(tie('value')),
  ),
}));

/** Any JSON, however it is written. */
export const json = fc.tuple(white, anyValue, white).map((all) => all.join(''));

const visitor = objectOf(anyValue);
const list = listOf(fc.oneof({ weight: 8, arbitrary: visitor }, { weight: 1, arbitrary: anyValue }));
const others = fc
  .array(
    fc.tuple(fc.constantFrom('"count"', '"next"', '""'), scalar).map((all) => all.join(':')),
    { maxLength: 2 },
  )
  .map((all) => all.join(','));

const wrapped = fc
  .tuple(
    others,
    fc.constantFrom('"visitors"', '"\\u0076isitors"'),
    list,
    fc.oneof(
      others,
      visitor.map((all) => `"more":${all}`),
    ),
  )
  .map(
    ([before, name, visitors, after]) =>
      `{${[before, `${name}:${visitors}`, after].filter((all) => all !== '').join(',')}}`,
  );

const keyed = objectOf(visitor, fc.oneof(text, key));

/** What `/query` may answer: each of the known shapes. */
export const answer = fc.tuple(white, fc.oneof(list, wrapped, keyed), white).map((all) => all.join(''));

/** Bytes cut into pieces: all of one length, or at random. */
export const cuts = fc.oneof(
  fc.constantFrom([1], [7], [64], [65_536]),
  fc
    .array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 8 })
    .filter((all) => all.some((length) => length > 0)),
);

export function inPieces(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? 1;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

function inJson(plain: string): string {
  return JSON.stringify(plain).slice(1, -1);
}
