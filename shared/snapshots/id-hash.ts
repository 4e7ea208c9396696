/**
 * HalfSipHash-2-4 with 64 bits of output: SipHash by Aumasson and Bernstein, in words of 32 bits, as their reference
 * repository (github.com/veorq/SipHash) has it. With a key, since visitors choose their ids: whoever does not know it
 * cannot make two of them that meet. Nothing is allocated for an id.
 */
export class IdHash {
  readonly #key0: number;
  readonly #key1: number;
  #v0 = 0;
  #v1 = 0;
  #v2 = 0;
  #v3 = 0;
  #low = 0;
  #high = 0;

  /** Throws unless the key has 8 bytes. */
  constructor(key: Uint8Array) {
    if (key.length !== 8) throw new Error('the key of the hash must have 8 bytes');
    const view = new DataView(key.buffer, key.byteOffset);
    this.#key0 = view.getInt32(0, true);
    this.#key1 = view.getInt32(4, true);
  }

  /** Of what was hashed last: its first 4 bytes, little-endian, without sign. */
  get low(): number {
    return this.#low >>> 0;
  }

  /** Likewise its other 4. */
  get high(): number {
    return this.#high >>> 0;
  }

  /** Hashes what stands from `start` until before `end`; `low` and `high` are of it then. */
  hash(bytes: Uint8Array, start: number, end: number): void {
    this.#v0 = this.#key0;
    this.#v1 = this.#key1 ^ 0xee;
    this.#v2 = this.#key0 ^ 0x6c796765;
    this.#v3 = this.#key1 ^ 0x74656462;
    const length = end - start;
    const wordsEnd = end - (length & 3);
    for (let at = start; at < wordsEnd; at += 4) {
      this.#take(
        byte(bytes, at) |
          (byte(bytes, at + 1) << 8) |
          (byte(bytes, at + 2) << 16) |
          (byte(bytes, at + 3) << 24),
      );
    }
    let last = length << 24;
    for (let at = wordsEnd; at < end; at++) last |= byte(bytes, at) << (8 * (at - wordsEnd));
    this.#take(last);
    this.#v2 ^= 0xee;
    this.#mix(4);
    this.#low = this.#v1 ^ this.#v3;
    this.#v1 ^= 0xdd;
    this.#mix(4);
    this.#high = this.#v1 ^ this.#v3;
  }

  #take(word: number): void {
    this.#v3 ^= word;
    this.#mix(2);
    this.#v0 ^= word;
  }

  #mix(rounds: number): void {
    let v0 = this.#v0;
    let v1 = this.#v1;
    let v2 = this.#v2;
    let v3 = this.#v3;
    for (let round = 0; round < rounds; round++) {
      v0 = (v0 + v1) | 0;
      v2 = (v2 + v3) | 0;
      v1 = rotated(v1, 5) ^ v0;
      v3 = rotated(v3, 8) ^ v2;
      v0 = (rotated(v0, 16) + v3) | 0;
      v2 = (v2 + v1) | 0;
      v3 = rotated(v3, 7) ^ v0;
      v1 = rotated(v1, 13) ^ v2;
      v2 = rotated(v2, 16);
    }
    this.#v0 = v0;
    this.#v1 = v1;
    this.#v2 = v2;
    this.#v3 = v3;
  }
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
