import { HeldText } from './held-text.ts';
import { KeyName } from './key-name.ts';
import type { LineBytes } from './line-bytes.ts';
import type { Projection } from './projection.ts';
import type { VisitorId } from './visitor-id.ts';

const idKey = new KeyName('visitorid');
const written = {
  firstMember: Buffer.from('{"'),
  nextMember: Buffer.from(',"'),
  afterKey: Buffer.from('":'),
  objectEnd: Buffer.from('}'),
  emptyObject: Buffer.from('{}'),
  noObject: Buffer.from('null'),
  end: Buffer.from('}\n'),
} as const;
const quote = 0x22;
const opensObject = 0x7b;

export interface VisitorLineOptions {
  readonly time: string;
  readonly projection: Projection | undefined;
  readonly line: LineBytes;
  readonly id: VisitorId;
}

/** Makes the line of one visitor after the other, while its bytes pass. Places are indexes into the piece. */
export class VisitorLine {
  visitors = 0;
  unnamed = 0;
  readonly #before: Buffer;
  readonly #line: LineBytes;
  readonly #id: VisitorId;
  readonly #projection: Projection | undefined;
  readonly #key: HeldText;
  #piece: Buffer = Buffer.alloc(0);
  /** Whether bytes of the answer go into the line as they are, and from where on in this piece. */
  #isCopying = false;
  #copyStart = 0;
  /** The member that is read is the visitor's `visitorid`; its value, from where on in this piece, and in quotes. */
  #isId = false;
  #isIdText = false;
  #idStart = 0;
  #idQuotes = 0;
  /** The member that is read is in the line. */
  #isKept = false;
  #kept = 0;
  #isObject = false;

  constructor({ time, projection, line, id }: VisitorLineOptions) {
    this.#before = Buffer.from(`{"snapshot":${JSON.stringify(time)},"visitor":`);
    this.#line = line;
    this.#id = id;
    this.#projection = projection;
    this.#key = new HeldText(Math.max(idKey.mostBytes, projection?.mostBytes ?? 0));
  }

  pieceStart(piece: Buffer): void {
    this.#piece = piece;
    this.#copyStart = 0;
    this.#idStart = 0;
  }

  pieceEnd(): void {
    if (this.#isCopying) this.#line.copy(this.#piece, this.#copyStart, this.#piece.length);
    if (this.#isIdText) this.#id.text.add(this.#piece, this.#idStart, this.#piece.length);
  }

  start(at: number, byte: number): void {
    this.#line.all(this.#before);
    this.#isObject = byte === opensObject;
    this.#kept = 0;
    this.#isKept = false;
    this.#isId = false;
    if (!this.#projection) this.#copyFrom(at);
  }

  end(at: number): void {
    if (!this.#projection) this.#copyTo(at);
    else if (!this.#isObject) this.#line.all(written.noObject);
    else this.#line.all(this.#kept === 0 ? written.emptyObject : written.objectEnd);
    this.visitors += 1;
    if (!this.#id.write(this.#line)) this.unnamed += 1;
    this.#line.all(written.end);
  }

  /** The key of a member. True: whoever calls should tell of its value. */
  key(start: number, end: number, hasEscapes: boolean, mayBeId: boolean): boolean {
    const held = this.#key;
    if (held.length === 0 && !held.isLonger) this.#wholeKey(this.#piece, start, end, hasEscapes, mayBeId);
    else {
      this.keyPart(start, end);
      if (!held.isLonger) this.#wholeKey(held.bytes, 0, held.length, hasEscapes, mayBeId);
      else if (this.#isCopying && this.#projection) this.#endLongKey(end);
      held.clear();
    }
    return this.#isId;
  }

  /** A key in parts. One that is too long to be named is copied from now on, or not at all. */
  keyPart(start: number, end: number): void {
    const held = this.#key;
    if (held.isLonger) return;
    held.add(this.#piece, start, end);
    if (!held.isLonger || !this.#projection?.keepsOthers) return;
    this.#openMember();
    this.#line.copy(held.bytes, 0, held.length);
    this.#copyFrom(start);
  }

  valueStart(at: number, byte: number): void {
    if (this.#isKept) this.#copyFrom(at);
    if (!this.#isId || !(byte === quote || isNumberStart(byte))) return;
    this.#isIdText = true;
    this.#idQuotes = byte === quote ? 1 : 0;
    this.#idStart = at + this.#idQuotes;
  }

  valueEnd(at: number): void {
    if (this.#projection && this.#isCopying) this.#copyTo(at);
    if (this.#isIdText) this.#id.text.add(this.#piece, this.#idStart, at - this.#idQuotes);
    this.#isKept = false;
    this.#isIdText = false;
    this.#isId = false;
  }

  lineBreak(at: number): void {
    if (!this.#isCopying) return;
    this.#copyTo(at);
    this.#line.byte(0x20);
    this.#copyFrom(at + 1);
  }

  #wholeKey(bytes: Buffer, start: number, end: number, hasEscapes: boolean, mayBeId: boolean): void {
    if (mayBeId && idKey.is(bytes, start, end, hasEscapes)) {
      this.#isId = true;
      this.#id.text.clear();
    }
    if (!this.#projection?.keeps(bytes, start, end, hasEscapes)) return;
    this.#isKept = true;
    this.#openMember();
    this.#line.copy(bytes, start, end);
    this.#line.all(written.afterKey);
  }

  #endLongKey(end: number): void {
    this.#copyTo(end);
    this.#line.all(written.afterKey);
    this.#isKept = true;
  }

  #openMember(): void {
    this.#line.all(this.#kept === 0 ? written.firstMember : written.nextMember);
    this.#kept += 1;
  }

  #copyFrom(at: number): void {
    this.#isCopying = true;
    this.#copyStart = at;
  }

  #copyTo(at: number): void {
    this.#line.copy(this.#piece, this.#copyStart, at);
    this.#isCopying = false;
  }
}

function isNumberStart(byte: number): boolean {
  return byte === 0x2d || (byte >= 0x30 && byte <= 0x39);
}
