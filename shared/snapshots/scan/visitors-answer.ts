import type { JsonListener } from './json-machine.ts';
import { KeyName } from './key-name.ts';
import { ScanError } from './scan-error.ts';
import type { VisitorId } from './visitor-id.ts';
import type { VisitorLine } from './visitor-line.ts';

const visitorsKey = new KeyName('visitors');
const opensArray = 0x5b;
const opensObject = 0x7b;

/**
 * `open`: an object of which nothing is known. `list`: an array of visitors. `keyed`: an object of visitors by their ids.
 * `before`, `visitors`, `after`: an object with an array `visitors`, and where in it we are.
 */
type Shape = 'open' | 'list' | 'keyed' | 'before' | 'visitors' | 'after';

/** How many brackets are around each visitor. */
const around: Readonly<Record<Shape, number>> = {
  open: -1,
  list: 1,
  keyed: 1,
  before: -1,
  visitors: 2,
  after: -1,
};

export interface VisitorsAnswerOptions {
  readonly line: VisitorLine;
  readonly id: VisitorId;
  /** Whether the line is to be told of each member of a visitor. */
  readonly isProjected: boolean;
}

/** Finds the visitors in the answer of `/query`, whose shape is documented nowhere. Throws `ScanError` at an unknown one. */
export class VisitorsAnswer implements JsonListener {
  valueDepth = 1;
  keyDepth = 1;
  readonly #line: VisitorLine;
  readonly #id: VisitorId;
  readonly #isProjected: boolean;
  #shape: Shape = 'open';
  #around = around.open;
  /** The first member of all is called `visitors`, and is an object. */
  #isAmbiguous = false;
  #piece: Buffer = Buffer.alloc(0);
  #passed = 0;

  constructor({ line, id, isProjected }: VisitorsAnswerOptions) {
    this.#line = line;
    this.#id = id;
    this.#isProjected = isProjected;
  }

  pieceStart(piece: Buffer): void {
    this.#passed += this.#piece.length;
    this.#piece = piece;
    this.#line.pieceStart(piece);
  }

  valueStart(at: number, byte: number, depth: number): void {
    if (depth > this.#around && this.#around > 0) this.#line.valueStart(at, byte);
    else if (depth === 0) this.#root(at, byte);
    else if (this.#shape === 'list' || this.#shape === 'visitors') this.#line.start(at, byte);
    else this.#member(at, byte);
  }

  valueEnd(at: number, depth: number): void {
    if (depth > this.#around && this.#around > 0) {
      this.#line.valueEnd(at);
      if (!this.#isProjected) this.valueDepth = this.#around;
    } else if (depth === this.#around) this.#line.end(at);
    else if (depth === 1 && this.#shape === 'visitors') this.#become('after');
    else if (depth === 0) this.#over(at);
  }

  key(start: number, end: number, hasEscapes: boolean, depth: number): void {
    if (depth === 1) this.#id.text.add(this.#piece, start, end);
    else if (this.#line.key(start, end, hasEscapes, this.#shape !== 'keyed')) this.valueDepth = depth;
  }

  keyPart(start: number, end: number, depth: number): void {
    if (depth === 1) this.#id.text.add(this.#piece, start, end);
    else this.#line.keyPart(start, end);
  }

  lineBreak(at: number): void {
    this.#line.lineBreak(at);
  }

  #root(at: number, byte: number): void {
    if (byte === opensArray) this.#become('list');
    else if (byte !== opensObject) throw this.#unknown('it is neither an array nor an object', at);
  }

  /** A value of the object that the answer is; what its key was is held where ids are. */
  #member(at: number, byte: number): void {
    const { text } = this.#id;
    const isVisitors = !text.isLonger && visitorsKey.is(text.bytes, 0, text.length, text.hasBackslash);
    if (this.#shape === 'keyed' || (this.#shape === 'open' && byte === opensObject)) {
      if (byte !== opensObject) throw this.#unknown('some of its members are objects, and some are not', at);
      if (this.#shape === 'open') this.#isAmbiguous = isVisitors;
      this.#become('keyed');
      this.#line.start(at, byte);
      return;
    }
    if (isVisitors && this.#shape === 'after') throw this.#unknown('it has visitors twice', at);
    if (isVisitors && byte === opensArray) this.#become('visitors');
    else if (this.#shape === 'open') this.#become('before');
    text.clear();
  }

  #over(at: number): void {
    if (this.#shape === 'before') throw this.#unknown('it has members, and no array of visitors', at);
    if (this.#isAmbiguous && this.#line.visitors === 1)
      throw this.#unknown('its only member, visitors, is an object', at);
  }

  #become(shape: Shape): void {
    this.#shape = shape;
    this.#around = around[shape];
    const tellsMembers = shape === 'keyed' ? this.#isProjected : this.#around > 0;
    this.keyDepth = tellsMembers ? this.#around + 1 : 1;
    this.valueDepth = Math.max(1, this.#isProjected ? this.#around + 1 : this.#around);
  }

  #unknown(what: string, at: number): ScanError {
    return new ScanError(`the answer has no known shape: ${what}, at byte ${this.#passed + at}`);
  }
}
