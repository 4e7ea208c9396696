import { actions, firstAction, grammar, lastBeforeText, scalarStates, states } from './json-grammar.ts';
import { ScanError } from './scan-error.ts';

/** What is told of a JSON text while it passes. Places are indexes into the piece that is being pushed. */
export interface JsonListener {
  /** Values inside more brackets than this need not be told of. */
  readonly valueDepth: number;
  /** The same for keys. */
  readonly keyDepth: number;
  /** A value begins with this byte, inside so many brackets. */
  valueStart(at: number, byte: number, depth: number): void;
  /** Its last byte was the one before `at`. */
  valueEnd(at: number, depth: number): void;
  /** A key is over; what of it is in this piece, without quotes. */
  key(start: number, end: number, hasEscapes: boolean, depth: number): void;
  /** A key that the piece ends in. */
  keyPart(start: number, end: number, depth: number): void;
  /** Among white space. */
  lineBreak(at: number): void;
}

/** So many brackets may be open. */
const mostOpen = 1_000;
const quote = 0x22;

/** Takes what `JSON.parse` takes, byte by byte, and holds nothing of it. Throws `ScanError` at anything else. */
export class JsonMachine {
  readonly #listener: JsonListener;
  /** For each open bracket the state after a value in it; at 0, outside of all. */
  readonly #after = new Uint8Array(mostOpen + 1).fill(states.over, 0, 1);
  #depth = 0;
  #state: number = states.value;
  /** The text that is read is a key. */
  #isKey = false;
  #hasEscapes = false;
  /** Where in this piece it begins. */
  #textStart = 0;
  /** Bytes before this piece. */
  #passed = 0;

  constructor(listener: JsonListener) {
    this.#listener = listener;
  }

  push(piece: Uint8Array): void {
    const end = piece.length;
    let state = this.#state;
    this.#textStart = 0;
    let at = 0;
    while (at < end) {
      const byte = piece[at] as number; // at is below the length
      const step = grammar[state * 256 + byte] as number; // there is a row for every state
      at += 1;
      if (step < firstAction) state = step;
      else if (step <= lastBeforeText) {
        if (step !== actions.textOn) this.#startText(step === actions.keyStart, at);
        while (at < end && isPlain(piece[at] as number)) at += 1; // at is below the length
        // The table knows this step too; taken here, it saves a tenth of the time.
        if (at < end && piece[at] === quote) {
          at += 1;
          state = this.#endText(at);
        } else state = states.text;
      } else {
        if (step === actions.numberEnd) at -= 1;
        state = this.#act(step, state, byte, at);
      }
    }
    this.#state = state;
    this.#endPiece(end);
  }

  /** Throws `ScanError` unless the text was whole. */
  end(): void {
    if (this.#state !== states.over) throw new ScanError(`the JSON is cut off at byte ${this.#passed}`);
  }

  /** What a byte does that is more than a step. Gives the state after it; `at` is behind what is over by now. */
  #act(action: number, state: number, byte: number, at: number): number {
    switch (action) {
      case actions.textEnd:
        return this.#endText(at);
      case actions.scalarStart:
        this.#startValue(at - 1, byte);
        return scalarStates[byte] as number; // there is one for each of these bytes
      case actions.numberEnd:
      case actions.literalEnd:
        return this.#endValue(at);
      case actions.openObject:
      case actions.openArray:
        return this.#open(action === actions.openObject, at - 1, byte);
      case actions.closeObject:
      case actions.closeArray:
        this.#depth -= 1;
        return this.#endValue(at);
      case actions.escape:
        this.#hasEscapes = true;
        return states.escape;
      case actions.lineBreak:
        this.#listener.lineBreak(at - 1);
        return state;
      default:
        throw this.#refusal(at - 1);
    }
  }

  #endPiece(end: number): void {
    if (this.#isKey && isInText(this.#state) && this.#depth <= this.#listener.keyDepth)
      this.#listener.keyPart(this.#textStart, end, this.#depth);
    this.#passed += end;
  }

  #startText(isKey: boolean, at: number): void {
    this.#isKey = isKey;
    this.#hasEscapes = false;
    this.#textStart = at;
    if (!isKey) this.#startValue(at - 1, quote);
  }

  #endText(at: number): number {
    if (!this.#isKey) return this.#endValue(at);
    if (this.#depth <= this.#listener.keyDepth)
      this.#listener.key(this.#textStart, at - 1, this.#hasEscapes, this.#depth);
    return states.colon;
  }

  #startValue(at: number, byte: number): void {
    if (this.#depth <= this.#listener.valueDepth) this.#listener.valueStart(at, byte, this.#depth);
  }

  #endValue(at: number): number {
    if (this.#depth <= this.#listener.valueDepth) this.#listener.valueEnd(at, this.#depth);
    return this.#after[this.#depth] as number; // there is one for every depth
  }

  #open(isObject: boolean, at: number, byte: number): number {
    this.#startValue(at, byte);
    if (this.#depth === mostOpen)
      throw new ScanError(`more than ${mostOpen} brackets are open at byte ${this.#passed + at}`);
    this.#depth += 1;
    this.#after[this.#depth] = isObject ? states.afterMember : states.afterElement;
    return isObject ? states.firstKey : states.firstElement;
  }

  #refusal(at: number): ScanError {
    return new ScanError(`it is no JSON at byte ${this.#passed + at}`);
  }
}

/** Of a text's bytes: one that neither ends it nor begins an escape, and may stand there. */
function isPlain(byte: number): boolean {
  return byte >= 0x20 && byte !== quote && byte !== 0x5c;
}

function isInText(state: number): boolean {
  return state >= states.text && state <= states.hex4;
}
