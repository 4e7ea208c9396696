/** How long a character of a key can be at most as it is written: an escape of its own. */
const escapeLength = 6;

/** A key that is looked for, however it is written. */
export class KeyName {
  /** No way to write it is longer, in bytes. */
  readonly mostBytes: number;
  readonly #name: string;
  readonly #bytes: Buffer;

  constructor(name: string) {
    this.#name = name;
    this.#bytes = Buffer.from(name);
    this.mostBytes = name.length * escapeLength;
  }

  /** Whether a key is it; `start` to `end` is the text as it is written, in valid UTF-8, without quotes. */
  is(bytes: Uint8Array, start: number, end: number, hasEscapes: boolean): boolean {
    const length = end - start;
    if (hasEscapes) return length <= this.mostBytes && decodedText(bytes, start, end) === this.#name;
    if (length !== this.#bytes.length) return false;
    for (let at = 0; at < length; at += 1) if (bytes[start + at] !== this.#bytes[at]) return false;
    return true;
  }
}

/** What a JSON text says, given what stands between its quotes. */
export function decodedText(bytes: Uint8Array, start: number, end: number): string {
  return JSON.parse(`"${Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')}"`);
}
