/**
 * - `authorization`: no usable token, or Glance refuses a fresh one
 * - `refused-server`: the address in an answer is not one that may have our token
 * - `invalid-answer`: an answer that no Glance page or client explains
 * - `unavailable`: not reached, overloaded, or failing; nothing was delivered
 * - `timeout`: the deadline passed before anything was delivered
 * - `delivery-unknown`: the message left, and no answer says what became of it
 */
export type PresenceErrorCode =
  | 'authorization'
  | 'refused-server'
  | 'invalid-answer'
  | 'unavailable'
  | 'timeout'
  | 'delivery-unknown';

/** Why a Presence call failed. The message holds no token, no visitor id and nothing of an answer's body. */
export class PresenceError extends Error {
  override readonly name = 'PresenceError';
  readonly code: PresenceErrorCode;
  /** With `unavailable`: how long the service asks us to stay away. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: PresenceErrorCode,
    message: string,
    { retryAfterSeconds, cause }: { retryAfterSeconds?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
