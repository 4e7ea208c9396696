import type { WebhookRequest } from '../../shared/webhooks/request.ts';

interface Given {
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Buffer | string | object;
  readonly url?: string;
}

/** A webhook request as a source gets it; a body that is an object goes as JSON. */
export function webhookRequest({ headers = {}, query = {}, body = '', url }: Given): WebhookRequest {
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
  return {
    method: 'POST',
    headers: byName(headers, (name) => name.toLowerCase()),
    query: byName(query, (name) => name),
    body: Buffer.from(isRaw ? body : JSON.stringify(body)),
    url,
  };
}

function byName(
  values: Readonly<Record<string, string | readonly string[]>>,
  named: (name: string) => string,
): Map<string, readonly string[]> {
  return new Map(Object.entries(values).map(([name, value]) => [named(name), [value].flat()]));
}
