import { timingSafeEqual } from 'node:crypto';

/** Takes as long for a text that is almost right as for one that is all wrong. */
export function sameText(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}
