import { createHash } from 'node:crypto';

/** A webhook as it came. Nothing in it is trusted before its source has called it authentic. */
export interface WebhookRequest {
  readonly method: string;
  /** By lower-case name; every value that came, in order. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Decoded, by name; every value that came, in order. */
  readonly query: ReadonlyMap<string, readonly string[]>;
  /** The very bytes that were sent. */
  readonly body: Buffer;
  /**
   * The public address of this source, which some vendors sign: from the configuration, never from the request. Without
   * a query. Missing where none is configured.
   */
  readonly url: string | undefined;
}

/** The one value of a header, trimmed. Nothing where it is missing, or came more than once: who signs, sends one. */
export function soleHeader({ headers }: WebhookRequest, name: string): string | undefined {
  const [value, ...more] = headers.get(name.toLowerCase()) ?? [];
  return more.length === 0 ? value?.trim() : undefined;
}

/** All values of a header; what was folded into one by a comma stays folded. */
export function headerValues({ headers }: WebhookRequest, name: string): readonly string[] {
  return headers.get(name.toLowerCase()) ?? [];
}

/** Names these bytes: SHA-256 in base64url. */
export function digestOf(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
