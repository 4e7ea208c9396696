/** A short text out of the answer, put together from its pieces. A longer one is not held, and known to be longer. */
export class HeldText {
  readonly bytes: Buffer;
  length = 0;
  isLonger = false;
  hasBackslash = false;

  constructor(mostBytes: number) {
    this.bytes = Buffer.alloc(mostBytes);
  }

  add(piece: Uint8Array, start: number, end: number): void {
    const { bytes, length } = this;
    if (this.isLonger || end - start > bytes.length - length) {
      this.isLonger = true;
      return;
    }
    for (let at = start; at < end; at += 1) {
      const byte = piece[at] as number; // the range is the piece's
      if (byte === 0x5c) this.hasBackslash = true;
      bytes[length + at - start] = byte;
    }
    this.length = length + end - start;
  }

  clear(): void {
    this.length = 0;
    this.isLonger = false;
    this.hasBackslash = false;
  }
}
