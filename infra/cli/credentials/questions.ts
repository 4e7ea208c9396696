import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';

/** Somebody at the terminal wants to go no further. */
export class LeftOff extends Error {
  override readonly name = 'LeftOff';
}

/**
 * Asks at a terminal, one line for each answer. What is typed, or pasted, is shown only where the question is one for
 * `ask`, and is never kept to be called back with the arrow keys.
 */
export class Questions implements Disposable {
  readonly #output: NodeJS.WritableStream;
  readonly #screen: Screen;
  readonly #readline: Interface;
  readonly #lines: AsyncIterator<string>;

  constructor(input: NodeJS.ReadableStream, output: NodeJS.WritableStream) {
    this.#output = output;
    this.#screen = new Screen(output);
    this.#readline = createInterface({ input, output: this.#screen, terminal: true, historySize: 0 });
    // Several lines may be pasted at once, and be here before the next question is.
    this.#readline.prependListener('line', () => {
      this.#screen.muted = true;
    });
    this.#lines = this.#readline[Symbol.asyncIterator]();
  }

  say(text: string): void {
    this.#output.write(`${text}\n`);
  }

  /** Throws `LeftOff` at Ctrl-C, and at the end of the input. */
  ask(question: string): Promise<string> {
    this.#screen.muted = false;
    this.#readline.setPrompt(`${question}: `);
    this.#readline.prompt(true);
    return this.#answer();
  }

  /** Like `ask`; the answer is not shown. */
  async askUnseen(question: string): Promise<string> {
    this.#output.write(`${question}: `);
    try {
      return await this.#answer();
    } finally {
      this.#output.write('\n');
    }
  }

  [Symbol.dispose](): void {
    this.#readline.close();
  }

  async #answer(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new LeftOff('left off');
    return value;
  }
}

/** Passes on what readline writes, unless it is muted. */
class Screen extends Writable {
  muted = true;
  readonly #output: NodeJS.WritableStream & { readonly columns?: number };

  constructor(output: NodeJS.WritableStream) {
    super();
    this.#output = output;
  }

  /** As readline wants to know it, for a line that is longer than that. */
  get columns(): number | undefined {
    return this.#output.columns;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (!this.muted) this.#output.write(chunk);
    done();
  }
}
