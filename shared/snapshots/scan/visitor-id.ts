import { HeldText } from './held-text.ts';
import { decodedText } from './key-name.ts';
import type { LineBytes } from './line-bytes.ts';

/** A longer one, in bytes as it is written, is no id: its visitor is unnamed. Glance's are 100 characters at most. */
const mostBytes = 4_096;

/** Takes the ids as they stand in the lines, in UTF-8. */
export interface Hashes {
  add(bytes: Uint8Array, start: number, end: number): void;
}

export interface VisitorIdOptions {
  readonly hashes: Hashes;
  readonly replaceId?: ((id: string) => string) | undefined;
}

const before = Buffer.from(',"visitorid":"');
const after = Buffer.from('"');

/** The id of one visitor after the other. */
export class VisitorId {
  /** The id as it is written in the answer, without quotes. */
  readonly text = new HeldText(mostBytes);
  readonly #options: VisitorIdOptions;

  constructor(options: VisitorIdOptions) {
    this.#options = options;
  }

  /** Puts the id into a line, and forgets it. False: there is none. */
  write(line: LineBytes): boolean {
    const { text } = this;
    const isNamed = text.length > 0 && !text.isLonger;
    if (isNamed) {
      if (text.hasBackslash || this.#options.replaceId) this.#writeDecoded(line);
      else this.#writeHeld(line);
    }
    text.clear();
    return isNamed;
  }

  /** Without an escape, it is written in the line as it was in the answer. */
  #writeHeld(line: LineBytes): void {
    line.all(before);
    const start = line.length;
    line.copy(this.text.bytes, 0, this.text.length);
    this.#options.hashes.add(line.bytes, start, line.length);
    line.all(after);
  }

  #writeDecoded(line: LineBytes): void {
    const { replaceId, hashes } = this.#options;
    const { bytes, length, hasBackslash } = this.text;
    const decoded = hasBackslash ? decodedText(bytes, 0, length) : bytes.toString('utf8', 0, length);
    const id = replaceId ? replaceId(decoded) : decoded;
    line.all(before);
    line.all(Buffer.from(JSON.stringify(id).slice(1, -1)));
    line.all(after);
    const idBytes = Buffer.from(id);
    hashes.add(idBytes, 0, idBytes.length);
  }
}
