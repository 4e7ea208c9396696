import { JsonMachine } from './json-machine.ts';
import { LineBytes } from './line-bytes.ts';
import { projectionOf } from './projection.ts';
import { ScanError } from './scan-error.ts';
import { Utf8Check } from './utf8-check.ts';
import { type Hashes, VisitorId } from './visitor-id.ts';
import { VisitorLine } from './visitor-line.ts';
import { VisitorsAnswer } from './visitors-answer.ts';

export interface VisitorLinesOptions {
  /** Stands in every line: `slotTime(slot)`. */
  readonly time: string;
  /**
   * `all`: each visitor in its own bytes. A list: of its top-level members those with these names, in their own bytes and
   * order; a visitor that is no object is `null` then, as it has no member that is on the list.
   */
  readonly fields: 'all' | readonly string[];
  /** What stands for an id. The visitor's own `visitorid` is left out then, and a visitor that is no object is `null`. */
  readonly replaceId?: (id: string) => string;
  /** Gets each id as it stands in its line. */
  readonly hashes: Hashes;
}

/**
 * Makes of the answer of `GET /query` a line for each visitor, while it comes, in constant memory:
 * `{"snapshot":"2026-11-22T12:05:00Z","visitor":{"visitorid":"ada"},"visitorid":"ada"}`.
 *
 * The answer is an array of visitors, `{"visitors":[…]}` with whatever else beside it, or an object of objects by visitor
 * id. Else the id is the visitor's `visitorid`, a text or a number; of two the last one. Without one a visitor is unnamed,
 * and so is one whose id takes more than 4,096 bytes. An object that says the same id twice has two lines.
 * It must be JSON as `JSON.parse` takes it, in valid UTF-8, with at most 1,000 open brackets; whatever is not, is a
 * `ScanError`, and so is every call from then on.
 */
export class VisitorLines {
  #bytes = 0;
  #failure: unknown;
  readonly #out = new LineBytes();
  readonly #utf8 = new Utf8Check();
  readonly #line: VisitorLine;
  readonly #answer: VisitorsAnswer;
  readonly #json: JsonMachine;

  constructor({ time, fields, replaceId, hashes }: VisitorLinesOptions) {
    const projection = projectionOf(fields, replaceId !== undefined);
    const id = new VisitorId({ hashes, replaceId });
    this.#line = new VisitorLine({ time, projection, line: this.#out, id });
    this.#answer = new VisitorsAnswer({ line: this.#line, id, isProjected: projection !== undefined });
    this.#json = new JsonMachine(this.#answer);
  }

  /** Takes a piece of the answer, gives what of the lines is ready: whole ones and parts. It is the caller's. */
  push(piece: Uint8Array): Buffer {
    return this.#guarded(() => {
      const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
      this.#out.begin(bytes.length);
      if (!this.#utf8.push(bytes)) throw new ScanError('the answer is not UTF-8');
      this.#answer.pieceStart(bytes);
      this.#json.push(bytes);
      this.#line.pieceEnd();
      const ready = this.#out.take();
      this.#bytes += ready.length;
      return ready;
    });
  }

  /** The answer is over. Throws `ScanError` unless it was whole. */
  end(): void {
    this.#guarded(() => {
      if (!this.#utf8.isWhole()) throw new ScanError('the answer is not UTF-8');
      this.#json.end();
    });
  }

  get visitors(): number {
    return this.#line.visitors;
  }

  /** Of the visitors, those without an id. */
  get unnamed(): number {
    return this.#line.unnamed;
  }

  /** Of lines given out so far. */
  get bytes(): number {
    return this.#bytes;
  }

  #guarded<Result>(work: () => Result): Result {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return work();
    } catch (failure) {
      this.#failure = failure;
      throw failure;
    }
  }
}
