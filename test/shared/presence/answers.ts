import { PresenceError } from '../../../shared/presence/errors.ts';
import type { HttpResponse } from '../../../shared/presence/transport.ts';

/** An answer with this text, or with this value as JSON. */
export function response(
  body: unknown,
  status = 200,
  headers: Record<string, string | string[]> = {},
): HttpResponse {
  return { status, headers, text: typeof body === 'string' ? body : JSON.stringify(body) };
}

/** The `PresenceError` that something fails with. */
export function failure(read: () => unknown): PresenceError {
  try {
    read();
  } catch (error) {
    if (error instanceof PresenceError) return error;
    throw new Error('not a PresenceError', { cause: error });
  }
  throw new Error('it did not fail');
}
