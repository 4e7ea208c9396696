/**
 * The answer of `/query` is not what it should be: no JSON, cut off, or of no known shape. The message says what, and
 * where it is known at which byte; never what stands there.
 */
export class ScanError extends Error {
  override readonly name = 'ScanError';
}
