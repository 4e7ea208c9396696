import { isUtf8 } from 'node:buffer';

/** Whether pieces are UTF-8 when they are put together; the pieces may end within a character. */
export class Utf8Check {
  /** The beginning of a character whose rest has not come yet. */
  readonly #begun = new Uint8Array(4);
  #length = 0;

  /** False: they are not, whatever comes. */
  push(piece: Uint8Array): boolean {
    const start = this.#complete(piece);
    if (this.#length > 0) {
      if (this.#length < lengthOf(this.#begun[0] ?? 0)) return true;
      if (!isUtf8(this.#begun.subarray(0, this.#length))) return false;
      this.#length = 0;
    }
    const end = wholeEnd(piece, start);
    for (const byte of piece.subarray(end)) this.#add(byte);
    return isUtf8(piece.subarray(start, end));
  }

  /** Whether the last character was whole. */
  isWhole(): boolean {
    return this.#length === 0;
  }

  #complete(piece: Uint8Array): number {
    if (this.#length === 0) return 0;
    const missing = lengthOf(this.#begun[0] ?? 0) - this.#length;
    const rest = piece.subarray(0, missing);
    for (const byte of rest) this.#add(byte);
    return rest.length;
  }

  #add(byte: number): void {
    this.#begun[this.#length] = byte;
    this.#length += 1;
  }
}

/** Where the character begins that a piece ends in, or the end of the piece. */
function wholeEnd(piece: Uint8Array, start: number): number {
  const { length } = piece;
  for (let at = length - 1; at >= Math.max(start, length - 3); at -= 1) {
    const byte = piece[at] ?? 0;
    if (byte >= 0xc0) return at + lengthOf(byte) > length ? at : length;
  }
  return length;
}

/** Of a character, by its first byte. */
function lengthOf(first: number): number {
  if (first < 0xc0) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}
