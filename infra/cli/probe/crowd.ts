import { isFamiliar, isObject } from './shape.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** What the beginning of an answer to `/query` shows. */
export interface Crowd {
  /** In words; nothing for a shape that is none of those known. */
  readonly form: string | undefined;
  /** Those of whom enough was read. */
  readonly visitors: readonly CrowdMember[];
}

interface CrowdMember {
  /** Where the answer tells it. Never to be printed. */
  readonly id: string | undefined;
  readonly data: JsonObject;
}

/**
 * Reads an answer to `/query`, or, with `isCut`, as much of it as there is. Gives nothing where that is not JSON;
 * never throws.
 */
export function readCrowd(text: string, isCut: boolean): Crowd | undefined {
  if (text.trim() === '') return { form: 'an empty body', visitors: [] };
  const answer = parse(isCut ? mended(text) : text);
  if (answer === undefined) return undefined;
  const { form, entries } = entriesOf(answer);
  // The last one may have lost some of its keys.
  const read = isCut && entries.length > 1 ? entries.slice(0, -1) : entries;
  const visitors = read.flatMap(memberOf);
  const isKnown = visitors.length > 0 || read.length === 0;
  return { form: isKnown ? form : undefined, visitors };
}

type Entry = readonly [key: string | undefined, value: unknown];

/** No page of Glance's shows the shape, so those that are likely are read. */
function entriesOf(answer: unknown): { form: string | undefined; entries: readonly Entry[] } {
  if (Array.isArray(answer)) return { form: 'an array', entries: unnamed(answer) };
  if (!isObject(answer)) return { form: undefined, entries: [] };
  const { visitors } = answer;
  if (Array.isArray(visitors)) return { form: '{"visitors": array}', entries: unnamed(visitors) };
  const isWrapped = isObject(visitors) && !isVisitor(visitors);
  const keyed = Object.entries(isWrapped ? visitors : answer);
  const words = isWrapped ? '{"visitors": object keyed by visitor id}' : 'an object keyed by visitor id';
  if (keyed.length === 0) return { form: isWrapped ? '{"visitors": {}}' : '{}', entries: [] };
  return { form: keyed.every(([, value]) => isObject(value)) ? words : undefined, entries: keyed };
}

function unnamed(values: readonly unknown[]): readonly Entry[] {
  return values.map((value) => [undefined, value]);
}

function isVisitor(value: unknown): value is JsonObject {
  return isObject(value) && isFamiliar(value);
}

function memberOf([key, data]: Entry): CrowdMember[] {
  if (!isVisitor(data)) return [];
  return [{ id: typeof data.visitorid === 'string' ? data.visitorid : key, data }];
}

/** Deep enough for `{"visitors": [` and the visitors in it. */
const mostOpen = 3;
/** A string, with its end or without; or what opens, closes and separates. */
const signs = /"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?$)|[[\]{},]/gs;

/**
 * JSON that was cut anywhere, up to the last place where closing what is open makes it whole: behind a bracket, or
 * before a comma.
 */
function mended(text: string): string {
  const open: string[] = [];
  let end = 0;
  let closing = '';
  for (const { 0: sign, index } of text.matchAll(signs)) {
    if (sign.startsWith('"')) continue;
    if (sign === '[' || sign === '{') open.push(sign === '[' ? ']' : '}');
    else if (sign !== ',') open.pop();
    if (open.length > mostOpen) continue;
    end = sign === ',' ? index : index + 1;
    closing = open.toReversed().join('');
  }
  return text.slice(0, end) + closing;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
