const [openObject, closeObject, openArray, closeArray, quote, backslash] = Buffer.from('{}[]"\\');
const blanks = new Set(Buffer.from(' \t\r\n'));

/**
 * Whether bytes that come in pieces are one object or array of JSON, as a whole: what was cut off anywhere is not. It
 * looks at brackets and texts alone, and keeps nothing but which brackets are open.
 */
export class WholeJson {
  readonly #open: number[] = [];
  #isText = false;
  #isEscaped = false;
  #state: 'before' | 'within' | 'after' | 'wrong' = 'before';

  /** So far. */
  get isWhole(): boolean {
    return this.#state === 'after';
  }

  push(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#isText) this.#text(byte);
      else this.#outside(byte);
    }
  }

  #text(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) this.#isText = false;
  }

  #outside(byte: number): void {
    if (byte === openObject || byte === openArray) {
      this.#state = this.#state === 'before' || this.#state === 'within' ? 'within' : 'wrong';
      this.#open.push(byte);
    } else if (byte === closeObject || byte === closeArray) this.#close(byte);
    else if (this.#state !== 'within' && !blanks.has(byte)) this.#state = 'wrong';
    else if (byte === quote) this.#isText = true;
  }

  #close(byte: number): void {
    const opened = this.#open.pop();
    if (opened !== (byte === closeObject ? openObject : openArray)) this.#state = 'wrong';
    else if (this.#open.length === 0 && this.#state === 'within') this.#state = 'after';
  }
}
