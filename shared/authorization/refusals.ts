import type { Token } from '../presence/token.ts';
import { pauseMs } from './note.ts';
import type { RefreshRequest } from './request.ts';

/** A token younger than this has just been tried; if it is refused all the same, another one may not help. */
const youngMs = 10 * 60_000;
/** So many young tokens in a row are replaced at once, the others ever more rarely. */
const atOnce = 2;

export interface Refusals {
  /** How many young tokens in a row were refused, the next one's predecessor among them; nothing for none. */
  readonly count: number | undefined;
  /** Milliseconds since 1970: the token is not to be replaced before. */
  readonly notBefore: number;
}

/** What a request to replace this token says of how well tokens do, and when it may be. */
export function refusalsAfter(
  token: Token | undefined,
  because: RefreshRequest['because'],
  now: number,
): Refusals {
  const none = { count: undefined, notBefore: 0 };
  const { issuedAt, expiresAt, refusals = 0 } = token ?? {};
  if (issuedAt === undefined || expiresAt === undefined || because === 'operator') return none;
  const beyond = refusals + 1 - atOnce;
  const notBefore = issuedAt + (beyond > 0 ? pauseMs('token-refused', beyond) : 0);
  const isYoung = now < notBefore + Math.min(youngMs, (expiresAt - issuedAt) / 3);
  if (!isYoung) return none;
  if (because === 'schedule') return { count: refusals || undefined, notBefore: 0 };
  return { count: refusals + 1, notBefore };
}
