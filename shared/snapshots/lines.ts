import * as z from 'zod/mini';

const lineBreak = 0x0a;
const quote = 0x22;
const backslash = 0x5c;

const idMember = Buffer.from(',"visitorid":');
const visitorMember = Buffer.from(',"visitor":');
const textEnd = Buffer.from('"}');

const lineShape = z.object({
  snapshot: z.string(),
  visitor: z.custom<unknown>((visitor) => visitor !== undefined),
  visitorid: z.exactOptional(z.string()),
});
export type Line = z.infer<typeof lineShape>;

/**
 * Each line without its line break, from the decompressed bytes of a snapshot. They are views into the pieces where
 * possible: read one before asking for the next. Throws when the last one has no line break.
 */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  /** The line that has no end yet. */
  let begun: Buffer[] = [];
  for await (const piece of pieces) {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    let start = 0;
    for (let end = bytes.indexOf(lineBreak); end >= 0; end = bytes.indexOf(lineBreak, start)) {
      const rest = bytes.subarray(start, end);
      start = end + 1;
      if (begun.length === 0) yield rest;
      else {
        const whole = Buffer.concat([...begun, rest]);
        begun = [];
        yield whole;
      }
    }
    if (start < bytes.length) begun.push(Buffer.from(bytes.subarray(start)));
  }
  if (begun.length > 0) throw new Error('the last line of the snapshot is cut off');
}

/**
 * The id of a line as `VisitorLines` writes it, found from its end, so it is no matter what a visitor says; nothing where
 * it has none.
 */
export function idOfLine(line: Buffer): string | undefined {
  const start = startOfId(line);
  if (start === undefined) return undefined;
  const end = line.length - textEnd.length;
  // From here on there are no quotes but behind backslashes.
  return line.subarray(start, end).includes(backslash)
    ? JSON.parse(line.toString('utf8', start - 1, end + 1))
    : line.toString('utf8', start, end);
}

/** A line as JSON. Throws what is none. */
export function readLine(bytes: Buffer): Line {
  return lineShape.parse(JSON.parse(bytes.toString('utf8')));
}

/** The bytes of the visitor in a line: the JSON that is kept of it. */
export function visitorOfLine(line: Buffer): Buffer {
  const id = startOfId(line);
  const end = id === undefined ? line.length - 1 : id - 1 - idMember.length;
  // The time before it holds no quotes.
  return line.subarray(line.indexOf(visitorMember) + visitorMember.length, end);
}

/** Where the id begins, behind its quote. */
function startOfId(line: Buffer): number | undefined {
  const end = line.length - textEnd.length;
  if (!isAt(line, end, textEnd)) return undefined;
  const start = startOfText(line, end);
  return isAt(line, start - 1 - idMember.length, idMember) ? start : undefined;
}

/** Of a text that ends before `end`: within it, a quote stands behind an odd number of backslashes. */
function startOfText(line: Buffer, end: number): number {
  for (let at = end - 1; at >= 0; at -= 1) {
    if (line[at] === quote && backslashesBefore(line, at) % 2 === 0) return at + 1;
  }
  return 0;
}

function backslashesBefore(line: Buffer, end: number): number {
  let count = 0;
  while (line[end - 1 - count] === backslash) count += 1;
  return count;
}

function isAt(line: Buffer, start: number, expected: Buffer): boolean {
  return start >= 0 && expected.every((byte, at) => line[start + at] === byte);
}
