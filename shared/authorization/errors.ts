/**
 * - `refused`: the credentials are not accepted
 * - `unavailable`: not reached, overloaded, or failing
 * - `invalid-answer`: an answer that no Glance page or client explains
 */
export type AuthorizationErrorCode = 'refused' | 'unavailable' | 'invalid-answer';

/** Why no token was granted. The message holds no credentials and no token. */
export class AuthorizationError extends Error {
  override readonly name = 'AuthorizationError';
  readonly code: AuthorizationErrorCode;
  /** With `unavailable`: how long the service asks us to stay away. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: AuthorizationErrorCode,
    message: string,
    { retryAfterSeconds, cause }: { retryAfterSeconds?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
