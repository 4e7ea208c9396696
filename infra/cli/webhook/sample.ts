import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Source } from '../../../shared/webhooks/source.ts';
import { UsageError } from '../../command.ts';

/** What a vendor might send, with placeholders such as `{{id}}` for what differs each time. */
export interface Sample {
  /** As it is told to people. */
  readonly file: string;
  readonly contentType: string;
  readonly text: string;
}

const folder = path.resolve(import.meta.dirname, '../../../test/samples');

const contentTypes: Readonly<Record<string, string>> = {
  '.json': 'application/json',
  '.xml': 'text/xml; charset=utf-8',
  '.txt': 'application/x-www-form-urlencoded',
};

/** The file that was given, or a sample by its name; else the one of the source, or of its kind. Throws a UsageError. */
export async function findSample(name: string, { kind }: Source, given: string | undefined): Promise<Sample> {
  const own = given === undefined ? undefined : await read(path.resolve(given));
  if (own) return own;
  const wanted = given === undefined ? [name, kind] : [given];
  const files = (await readdir(folder)).sort();
  const file = wanted.flatMap((one) => files.find((each) => path.parse(each).name === one) ?? [])[0];
  const sample = file && (await read(path.join(folder, file)));
  if (sample) return sample;
  if (given !== undefined)
    throw new UsageError('there is no such file, nor a sample of that name in test/samples');
  throw new UsageError(`there is no sample for ${kind} in test/samples; name a file`);
}

async function read(file: string): Promise<Sample | undefined> {
  try {
    const contentType = contentTypes[path.extname(file)] ?? 'application/json';
    return { file: path.relative(process.cwd(), file), contentType, text: await readFile(file, 'utf8') };
  } catch {
    return undefined;
  }
}

/** What the placeholders of a sample stand for. */
export interface Filling {
  readonly visitor: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** What the ids in it are made of; a UUID each time, unless the same is to be sent again. */
  readonly seed: string;
  /** The source's own options: `{{organizationId}}`. */
  readonly own: Source['own'];
}

/** The same for the same seed. */
export function fillingOf(
  { visitor, own }: Pick<Filling, 'visitor' | 'own'>,
  { same, now }: { readonly same: boolean; readonly now: number },
): Filling {
  return same
    ? { visitor, own, seed: 'same', now: Date.UTC(2026, 0, 5, 10) }
    : { visitor, own, seed: randomUUID(), now };
}

const numbers = new Set(['number', 'seconds', 'milliseconds']);

/** A number that stands alone between quotes loses them, since that is how it can stand in JSON. */
export function fill(text: string, filling: Filling): string {
  const values = valuesOf(filling);
  const told = (name: string) => values[name] ?? String(filling.own[name] ?? '');
  return text.replaceAll(/"\{\{(\w+)\}\}"|\{\{(\w+)\}\}/g, (_, quoted?: string, bare?: string) => {
    if (quoted === undefined) return told(bare ?? '');
    return numbers.has(quoted) ? told(quoted) : JSON.stringify(told(quoted));
  });
}

function valuesOf({ visitor, now, seed }: Filling): Readonly<Record<string, string>> {
  const hex = createHash('sha256').update(seed).digest('hex');
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`];
  return {
    visitor,
    id: [...uuid, hex.slice(20, 32)].join('-'),
    hexadecimal: hex.slice(0, 32),
    /** As many as a Salesforce id has left. */
    letters: hex.slice(0, 13).toUpperCase(),
    number: String(Number.parseInt(hex.slice(0, 11), 16)),
    now: new Date(now).toISOString(),
    seconds: String(Math.floor(now / 1_000)),
    milliseconds: String(now),
  };
}
