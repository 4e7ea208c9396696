import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { idOfLine, linesOf, readLine, visitorOfLine } from '../../../shared/snapshots/lines.ts';
import { VisitorLines } from '../../../shared/snapshots/scan/visitor-lines.ts';
import { answer, cuts, inPieces, json } from './scan/answers.ts';
import { referenceVisitors } from './scan/reference.ts';

const time = '2026-11-22T12:05:00Z';

function linesFor(visitors: string, replaceId?: (id: string) => string): Buffer[] {
  const hashes = { add() {} };
  const lines = new VisitorLines({ time, fields: 'all', hashes, ...(replaceId && { replaceId }) });
  const text = lines.push(Buffer.from(visitors)).toString();
  lines.end();
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => Buffer.from(line));
}

async function read(bytes: Buffer, lengths: readonly number[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(Readable.from(inPieces(bytes, lengths)))) lines.push(line.toString());
  return lines;
}

test('the lines of a snapshot are read back, wherever they are cut', async () => {
  const lines = fc.array(fc.string({ maxLength: 60 }).map((line) => line.replaceAll('\n', '')));
  await fc.assert(
    fc.asyncProperty(lines, cuts, async (given, lengths) => {
      const bytes = Buffer.from(given.map((line) => `${line}\n`).join(''));
      expect(await read(bytes, lengths)).toEqual(given);
    }),
  );
});

test('a snapshot whose last line has no end is an error', async () => {
  await expect(read(Buffer.from('{}\n{}'), [64])).rejects.toThrow('cut off');
});

test('of every visitor, the id and the bytes are found in the line again', () => {
  fc.assert(
    fc.property(answer, (given) => {
      const visitors = referenceVisitors(given);
      fc.pre(visitors !== undefined);
      const lines = linesFor(given);
      expect(lines.map(idOfLine)).toEqual(visitors.map(({ id }) => id));
      expect(lines.map((line) => visitorOfLine(line).toString())).toEqual(
        visitors.map(({ text }) => text.replaceAll(/[\r\n]/g, ' ')),
      );
      expect(lines.map(readLine)).toEqual(
        visitors.map(({ text, id }) => ({
          snapshot: time,
          visitor: JSON.parse(text),
          ...(id === undefined ? {} : { visitorid: id }),
        })),
      );
    }),
    { numRuns: 500 },
  );
});

test('an id is never what a visitor makes up to look like the end of a line', () => {
  const lie = fc
    .array(fc.constantFrom(',"visitorid":"eve"}', '"visitorid":', '"', '\\', '}', ',"visitor":', 'eve', '\n'))
    .map((parts) => parts.join(''));
  const visitor = fc.oneof(
    lie,
    fc.dictionary(fc.constantFrom('visitorid', 'visitor', 'url'), lie),
    fc.tuple(lie, fc.record({ visitorid: lie })),
  );
  fc.assert(
    fc.property(lie, visitor, (id, lies) => {
      const [keyed] = linesFor(JSON.stringify({ [id]: { lies } }));
      expect(keyed && idOfLine(keyed)).toBe(id || undefined);
      const [element] = linesFor(JSON.stringify([lies]));
      const own = typeof lies === 'object' && !Array.isArray(lies) ? lies.visitorid : undefined;
      expect(element && idOfLine(element)).toBe(own || undefined);
      const [digest] = linesFor(JSON.stringify([{ lies, visitorid: id }]), () => 'digest');
      expect(digest && idOfLine(digest)).toBe(id ? 'digest' : undefined);
      expect(digest && visitorOfLine(digest).toString()).toBe(JSON.stringify({ lies }));
    }),
    { numRuns: 500 },
  );
});

test('what is no line of a snapshot is not read as one', () => {
  fc.assert(
    fc.property(json, (given) => {
      expect(() => readLine(Buffer.from(given))).toThrow();
    }),
  );
  for (const given of [
    '',
    '{"snapshot":"x"}',
    '{"snapshot":5,"visitor":{}}',
    '{"snapshot":"x","visitor":{},"visitorid":5}',
    '{"visitor":{}}',
  ])
    expect(() => readLine(Buffer.from(given))).toThrow();
});
