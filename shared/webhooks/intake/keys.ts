import type { KeyList, Keys, Source } from '../source.ts';
import { isPublicKey } from './public-keys.ts';

type Lists = Source['lists'];

/** What is wrong with the text of a webhook secret: every flaw, by its list and place; no key is ever repeated. */
export class KeysFault extends Error {
  override readonly name = 'KeysFault';
}

/**
 * Reads what the secret of a source holds: `{"keys": ["…", "…"]}`, with one array for each of its lists, or a text in
 * place of an array of one. Where it has but one list, a key itself will do. Throws `KeysFault`.
 */
export function readKeys(text: string, lists: Lists): Keys {
  const content = readContent(text.trim(), lists);
  const flaws = [
    ...unknownFlaws(content, lists),
    ...Object.entries(lists).flatMap(([name, list]) => listFlaws(name, list, content.get(name))),
  ];
  if (flaws.length > 0) throw new KeysFault(flaws.join('; '));
  return Object.fromEntries(
    Object.keys(lists).map((name) => [name, content.get(name)?.filter(isText) ?? []]),
  );
}

type Content = ReadonlyMap<string, readonly unknown[]>;

function readContent(text: string, lists: Lists): Content {
  if (text === '') throw new KeysFault('is empty');
  const [only, ...more] = Object.keys(lists);
  if (only !== undefined && more.length === 0 && !/^[{["]/.test(text)) return new Map([[only, [text]]]);
  const content = parseJson(text);
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new KeysFault(`is malformed: it is not a JSON object with ${named(lists)}`);
  }
  const entries = Object.entries(content);
  if (entries.some(([name, value]) => name === 'state' && value === 'unset')) {
    throw new KeysFault('holds no keys yet');
  }
  return new Map(entries.map(([name, value]) => [name, [value].flat()]));
}

/** An unknown name is not repeated: it may be a key that somebody has put in the wrong place. */
function unknownFlaws(content: Content, lists: Lists): string[] {
  const places = [...content.keys()].flatMap((name, at) => (Object.hasOwn(lists, name) ? [] : [at + 1]));
  return places.map((place) => `entry ${place} is no list of this source, which has ${named(lists)}`);
}

function listFlaws(name: string, list: KeyList, keys: readonly unknown[] | undefined): string[] {
  if (keys === undefined) return list.optional ? [] : [`${name}: is missing`];
  if (keys.length === 0) return list.optional ? [] : [`${name}: is empty`];
  return keys.flatMap((key, at) => {
    const flaw = keyFlaw(key, list);
    return flaw === undefined ? [] : [`${name}.${at}: ${flaw}`];
  });
}

function keyFlaw(key: unknown, { flaw }: KeyList): string | undefined {
  if (!isText(key)) return 'is not a text';
  if (key.trim() === '') return 'is blank';
  if (key.trim() !== key) return 'begins or ends with white space';
  if (/\p{Cc}/u.test(key)) return 'holds a line break, or another control character';
  if (isPublicKey(key)) return 'is known to everybody';
  return flaw?.(key);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function named(lists: Lists): string {
  return Object.keys(lists)
    .map((name) => `"${name}"`)
    .join(', ');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KeysFault('is malformed: it is not JSON');
  }
}
