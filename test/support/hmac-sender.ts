import { createHmac } from 'node:crypto';
import type { HmacScheme } from '../../shared/webhooks/proof/hmac-scheme.ts';
import type { WebhookRequest } from '../../shared/webhooks/request.ts';
import { webhookRequest } from './webhook.ts';

export interface Sent {
  readonly body: Buffer | string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly id?: string;
  readonly url?: string;
}

/** A request as somebody would send it who signs in this way. */
export function sentBy(scheme: HmacScheme, key: string, sent: Sent): WebhookRequest {
  const { header, prefix = '', field, separator = ',', timestamp, idHeader } = scheme;
  const { id = 'event-1', url = 'https://relay.example.com/webhooks/erp' } = sent;
  const time = timestamp && timeText[timestamp.unit](sent.at);
  const values = new Map<string, string | Buffer>(
    Object.entries({ method: 'POST', url, id, timestamp: time ?? '', body: Buffer.from(sent.body) }),
  );
  const signed = scheme.signed
    .split(/\{(\w+)\}/)
    .map((part, at) => Buffer.from(at % 2 === 0 ? part : (values.get(part) ?? '')));
  const signature = createHmac(scheme.hash, Buffer.from(key, scheme.key === 'text' ? 'utf8' : scheme.key))
    .update(Buffer.concat(signed))
    .digest(scheme.encoding);
  const fields = [...(timestamp?.field ? [`${timestamp.field}=${time}`] : []), `${field}=${signature}`];
  return webhookRequest({
    url,
    body: Buffer.from(sent.body),
    headers: {
      'content-type': 'application/json',
      ...(timestamp?.header && time && { [timestamp.header]: time }),
      ...(idHeader && { [idHeader]: id }),
      [header]: field ? fields.join(separator) : prefix + signature,
    },
  });
}

const timeText = {
  s: (at: number) => String(Math.floor(at / 1_000)),
  ms: String,
  rfc3339: (at: number) => new Date(at).toISOString(),
};
