export type FailureDetail =
  | 'connection'
  | 'authorization'
  | 'error'
  | 'timedout'
  | 'serviceunavailable'
  | 'extend';

/** Why there is no connection, in the words of Glance's `onerror`. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly detail: FailureDetail;

  constructor(detail: FailureDetail, options?: ErrorOptions) {
    super(detail, options);
    this.detail = detail;
  }

  static of(error: unknown): Failure {
    if (error instanceof Failure) return error;
    const timedOut = error instanceof Error && error.name === 'TimeoutError';
    return new Failure(timedOut ? 'timedout' : 'connection', { cause: error });
  }

  static ofStatus(status: number): Failure {
    if (status === 401 || status === 403) return new Failure('authorization');
    return new Failure(status === 503 ? 'serviceunavailable' : 'error');
  }

  /** Whether trying again could help. */
  get passes(): boolean {
    return this.detail !== 'authorization' && this.detail !== 'serviceunavailable';
  }
}
