/** Numbers of 32 bits without sign, of which nobody knows beforehand how many there will be. */
export class Words {
  #words: Uint32Array<ArrayBuffer>;
  #length = 0;

  constructor(capacity = 64) {
    this.#words = new Uint32Array(capacity);
  }

  push(word: number): void {
    if (this.#length === this.#words.length) {
      const larger = new Uint32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[this.#length++] = word;
  }

  /** All of them until now, not copied. They stand at the beginning of their buffer. */
  all(): Uint32Array<ArrayBuffer> {
    return this.#words.subarray(0, this.#length);
  }
}
