import { isUtf8 } from 'node:buffer';
import { XMLParser } from 'fast-xml-parser';
import { Unreadable } from '../source.ts';

/** Names are whole: `{http://www.w3.org/2001/XMLSchema-instance}nil`, or `Id` where no namespace applies. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** What stands in it directly, as it stands there: nothing is trimmed, and no number is made of it. */
  readonly text: string;
}

/** Twice what a SOAP message of records needs. */
const deepest = 16;

/**
 * A body as XML. Knows no document types and so no entities but the five of XML itself and characters by their number.
 * Throws `Unreadable`.
 */
export function readXml(body: Buffer): XmlElement {
  if (!isUtf8(body)) throw new Unreadable('the body is not UTF-8');
  const text = body.toString('utf8');
  // UTF-16 without its mark, in which no declaration would be found.
  if (text.includes('\0')) throw new Unreadable('the body is not UTF-8');
  // Looked for everywhere, so that what counts as a comment is no question.
  if (/<!(?!--|\[CDATA\[)/.test(text)) throw new Unreadable('the XML holds a declaration, such as DOCTYPE');
  const [root, ...more] = parse(text).flatMap((node) => elementOf(node, outermost) ?? []);
  if (root === undefined || more.length > 0) throw new Unreadable('the body is not XML');
  return root;
}

/** A node as the parser gives it: its name with its content, and `:@` with its attributes; or `#text` with text. */
type Node = Readonly<Record<string, unknown>>;

function parse(text: string): Node[] {
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    cdataPropName: '#cdata',
    ignoreDeclaration: true,
    ignorePiTags: true,
    maxNestedTags: deepest,
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    // Ours come later, when text and CDATA have been told apart.
    processEntities: false,
  });
  try {
    // Alone, the parser takes any closing tag for the right one.
    return parser.parse(text, true);
  } catch {
    throw new Unreadable('the body is not XML, or nested too deeply');
  }
}

/** The namespace of a prefix, and of none at all: the default one. */
type Scope = (prefix: string) => string | undefined;

const outermost: Scope = (prefix) => (prefix === 'xml' ? 'http://www.w3.org/XML/1998/namespace' : undefined);

function elementOf(node: Node, outer: Scope): XmlElement | undefined {
  const tag = Object.keys(node).find((key) => key !== ':@');
  if (tag === undefined || tag.startsWith('#')) return undefined;
  const content = node[tag] as Node[]; // what the parser makes of an element
  const attributes = Object.entries(node[':@'] ?? {}).map(
    ([name, value]) => [name, unescaped(String(value))] as const,
  );
  const scope = scopeOf(attributes, outer);
  return {
    name: fullName(tag, scope, scope('')),
    // No prefix means no namespace here, whatever the default one is.
    attributes: new Map(attributes.map(([name, value]) => [fullName(name, scope, undefined), value])),
    children: content.flatMap((child) => elementOf(child, scope) ?? []),
    text: content.map(textOf).join(''),
  };
}

function textOf({ '#text': text, '#cdata': cdata }: Node): string {
  if (Array.isArray(cdata)) return cdata.map((part) => part['#text']).join('');
  return text === undefined ? '' : unescaped(String(text));
}

function scopeOf(attributes: readonly (readonly [string, string])[], outer: Scope): Scope {
  const declared = new Map(
    attributes
      .filter(([name]) => /^xmlns(:|$)/.test(name))
      .map(([name, uri]) => [name.slice('xmlns:'.length), uri] as const),
  );
  return declared.size > 0 ? (prefix) => declared.get(prefix) ?? outer(prefix) : outer;
}

function fullName(name: string, scope: Scope, unprefixed: string | undefined): string {
  const colon = name.indexOf(':');
  const prefix = name.slice(0, Math.max(colon, 0));
  if (prefix === 'xmlns') return name;
  const namespace = prefix === '' ? unprefixed : scope(prefix);
  if (prefix !== '' && !namespace) throw new Unreadable('the XML has a prefix without a namespace');
  return namespace ? `{${namespace}}${name.slice(colon + 1)}` : name;
}

const entities: ReadonlyMap<string | undefined, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** Once over the text, so that what an entity gives is not read again. */
function unescaped(text: string): string {
  return text.replaceAll(
    /&(?:#x([\da-fA-F]{1,6})|#(\d{1,7})|([a-z]{2,4}));|&/g,
    (_, hexadecimal?: string, decimal?: string, name?: string) => {
      const code = hexadecimal ? Number.parseInt(hexadecimal, 16) : Number(decimal);
      const character = isCharacter(code) ? String.fromCodePoint(code) : entities.get(name);
      if (character === undefined) throw new Unreadable('the XML has an entity that is not one of its own');
      return character;
    },
  );
}

function isCharacter(code: number): boolean {
  return code > 0 && code <= 0x10_ff_ff && !(code >= 0xd8_00 && code <= 0xdf_ff);
}
