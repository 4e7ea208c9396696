/** A range that is shorter is copied faster byte by byte. */
const shortRange = 24;
/** Of the bytes that a piece becomes, beside those that were expected. */
const spareBytes = 1_024;
const leastGrowth = 0.25;

/** Bytes that are put one after another into a buffer that grows. */
export class LineBytes {
  bytes: Buffer = Buffer.alloc(0);
  length = 0;
  /** How many bytes came of each byte that went in, the last time. */
  #growth = 1.25;
  #piece = 0;

  /** Begins a new buffer, for what a piece of so many bytes becomes. */
  begin(pieceLength: number): void {
    this.#piece = pieceLength;
    this.length = 0;
    this.bytes = Buffer.allocUnsafeSlow(Math.ceil(pieceLength * this.#growth) + spareBytes);
  }

  /** The buffer, which is not written to any more. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.length);
    if (this.#piece > spareBytes) this.#growth = Math.max(leastGrowth, (this.length / this.#piece) * 1.02);
    return taken;
  }

  byte(byte: number): void {
    if (this.length === this.bytes.length) this.#grow(1);
    this.bytes[this.length] = byte;
    this.length += 1;
  }

  copy(source: Buffer, start: number, end: number): void {
    const count = end - start;
    if (count > this.bytes.length - this.length) this.#grow(count);
    const { bytes, length } = this;
    if (count < shortRange) {
      for (let at = 0; at < count; at += 1) bytes[length + at] = source[start + at] as number; // within the range
    } else source.copy(bytes, length, start, end);
    this.length = length + count;
  }

  all(bytes: Buffer): void {
    this.copy(bytes, 0, bytes.length);
  }

  #grow(count: number): void {
    const larger = Buffer.allocUnsafeSlow(this.bytes.length * 2 + count);
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
