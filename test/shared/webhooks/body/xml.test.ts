import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readXml } from '../../../../shared/webhooks/body/xml.ts';
import { Unreadable } from '../../../../shared/webhooks/source.ts';

function xml(text: string) {
  return readXml(Buffer.from(text));
}

describe('text', () => {
  test.for(['00123', '1e5', '0x10', '12.50', 'true', '+14155550100', ' two  spaces ', '1234567890123456789'])(
    '%j stays as it stands',
    (text) => {
      expect(xml(`<a b="${text}">${text}</a>`)).toMatchObject({
        text,
        attributes: new Map([['b', text]]),
      });
    },
  );

  test('holds the five entities of XML and characters by their number, once and not twice', () => {
    expect(xml('<a>Smith &amp; Co &lt;&gt;&quot;&apos; &#65;&#x1F600; &amp;lt; &#38;gt;</a>').text).toBe(
      'Smith & Co <>"\' A😀 &lt; &gt;',
    );
  });

  test('of CDATA is left alone, and joins what stands around it', () => {
    expect(xml('<a>1 &lt; <![CDATA[2 &lt; <b>]]> 3</a>').text).toBe('1 < 2 &lt; <b> 3');
  });

  test('holds no comment and no instruction', () => {
    expect(xml('<?xml version="1.0"?><?x y?><a>b<!-- c -->d<?e f?>g</a><!-- h -->').text).toBe('bdg');
  });

  test('with any characters comes back, whichever way they are escaped', () => {
    const escaped = (text: string, all: boolean) =>
      text.replaceAll(all ? /./gsu : /[<>&\r]/g, (found) => `&#${found.codePointAt(0)};`);
    const written = fc
      .string({ unit: 'binary' })
      .map((text) => text.replaceAll('\0', '').replaceAll(/\p{Cs}/gu, ''));
    fc.assert(
      fc.property(written, fc.boolean(), (text, all) => {
        expect(xml(`<a>${escaped(text, all)}</a>`).text).toBe(text);
      }),
    );
  });
});

describe('a namespace', () => {
  test('belongs to whatever its prefix or its default reaches, by its address and not by its prefix', () => {
    const { name, attributes, children } = xml(
      '<s:a xmlns:s="urn:one" xmlns="urn:two" s:x="1" x="2"><b xmlns=""><c/></b><s:d xmlns:s="urn:three"/><e/></s:a>',
    );
    expect(name).toBe('{urn:one}a');
    expect(attributes).toEqual(
      new Map([
        ['xmlns:s', 'urn:one'],
        ['xmlns', 'urn:two'],
        ['{urn:one}x', '1'],
        ['x', '2'],
      ]),
    );
    expect(children.map((child) => child.name)).toEqual(['b', '{urn:three}d', '{urn:two}e']);
    expect(children[0]?.children[0]?.name).toBe('c');
  });

  test('has to be declared', () => {
    expect(() => xml('<s:a/>')).toThrow('prefix without a namespace');
    expect(() => xml('<a s:x="1"/>')).toThrow('prefix without a namespace');
    expect(() => xml('<a><b xmlns:s="urn:one"/><s:c/></a>')).toThrow('prefix without a namespace');
  });
});

describe('what could be an attack is refused:', () => {
  const laughs = Array.from({ length: 9 }, (_, at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`).join(
    '',
  );

  test.for([
    ['a document type', '<!DOCTYPE a><a/>'],
    ['one in lower case', '<!doctype a><a/>'],
    ['one after a comment', '<?xml version="1.0"?><!-- x --><!DOCTYPE a SYSTEM "http://127.0.0.1/"><a/>'],
    ['one inside a comment', '<!-- <!DOCTYPE a> --><a/>'],
    ['one inside CDATA', '<a><![CDATA[<!DOCTYPE a>]]></a>'],
    ['one inside an attribute', '<a b="<!DOCTYPE a>"/>'],
    ['one within the document', '<a><!DOCTYPE a></a>'],
    ['an entity on its own', '<a><!ENTITY x "y"></a>'],
    ['one after spaces', '<! DOCTYPE a><a/>'],
    ['a billion laughs', `<!DOCTYPE a [<!ENTITY l0 "ha">${laughs}]><a>&l9;</a>`],
  ] as const)('%s', ([, text]) => {
    expect(() => xml(text)).toThrow('holds a declaration');
  });

  test('an entity that nobody has declared', () => {
    for (const entity of ['&xxe;', '&AMP;', '&nbsp;', '&#0;', '&#xD800;', '&#x110000;', '&#-1;', '&']) {
      expect(() => xml(`<a>${entity}</a>`), entity).toThrow(Unreadable);
      expect(() => xml(`<a b="${entity}"/>`), entity).toThrow(Unreadable);
    }
  });

  test('UTF-16, with its mark and without, in both orders', () => {
    const text = '<!DOCTYPE a><a/>';
    for (const given of [text, `\uFEFF${text}`]) {
      const little = Buffer.from(given, 'utf16le');
      expect(() => readXml(little)).toThrow('not UTF-8');
      expect(() => readXml(little.swap16())).toThrow('not UTF-8');
    }
  });

  test('elements within elements, a hundred thousand deep', () => {
    const deep = 100_000;
    expect(() => xml('<a>'.repeat(deep) + '</a>'.repeat(deep))).toThrow('nested too deeply');
    expect(() => xml('<a>'.repeat(deep))).toThrow(Unreadable);
  });
});

test('a text in another encoding is refused', () => {
  expect(() => readXml(Buffer.from('<a>Müller</a>', 'latin1'))).toThrow('not UTF-8');
});

test('a mark of UTF-8 in front does no harm', () => {
  expect(xml('\uFEFF<?xml version="1.0" encoding="UTF-8"?><a>b</a>').text).toBe('b');
});

test.for([
  '',
  ' ',
  'text',
  '<a>',
  '</a>',
  '<a></b>',
  '<a/><b/>',
  '<a></a>text',
  'text<a/>',
  '<a b=1/>',
  '<a b="1" b="2"/>',
  '{"a":1}',
])('%j is no XML', (text) => {
  expect(() => xml(text)).toThrow(Unreadable);
});

test('an element may have any name that JavaScript knows, or is refused, and changes no other object', () => {
  for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
    try {
      xml(`<a xmlns:s="urn:one"><s:${name} ${name}="x">y</s:${name}><${name}/></a>`);
    } catch (error) {
      expect(error).toBeInstanceOf(Unreadable);
    }
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as { x?: unknown }).x).toBeUndefined();
});

/** Pieces of XML in any order, now and then with bytes that belong nowhere. */
const pieces = [
  ...[
    '<a>',
    '</a>',
    '<a/>',
    '<b c="d">',
    '</b>',
    '<',
    '>',
    '/',
    '"',
    "'",
    '=',
    '&',
    ';',
    ' ',
    '\n',
    'x',
    ':',
  ],
  ...[
    '<?xml version="1.0"?>',
    '<?',
    '?>',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<!',
    '<!DOCTYPE',
    '&amp;',
    '&#',
  ],
  ...[
    '<s:a>',
    '</s:a>',
    ' xmlns:s="u"',
    ' xmlns=""',
    '<#text>',
    '<:@>',
    '#cdata',
    '<__proto__>',
    ':@',
    '\uFEFF',
  ],
];
const xmlLike = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => Buffer.from(parts.join(''))),
  fc
    .array(fc.constantFrom(...pieces), { maxLength: 30 })
    .map((parts) => Buffer.from(`<a xmlns:s="u">${parts.join('')}</a>`)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
);

test('whatever comes is read, or refused in words that repeat nothing of it', () => {
  fc.assert(
    fc.property(xmlLike, (bytes) => {
      try {
        expect(readXml(bytes).name).toBeTypeOf('string');
      } catch (error) {
        expect(error).toBeInstanceOf(Unreadable);
        expect(String(error)).toMatch(
          /^Unreadable: (the body is not|the XML (holds a declaration|has an? ))/,
        );
      }
    }),
    { numRuns: 5_000 },
  );
});
