import * as z from 'zod/mini';
import type { WebhookRequest } from '../../../shared/webhooks/request.ts';

/** What identifies an event of a partner bus; all else of it is for its source. */
const busEvent = z.looseObject({ source: z.string(), 'detail-type': z.string() });
export type BusEvent = z.infer<typeof busEvent>;

/** Lambda puts what a function did not take into a record of its own; EventBridge leaves the event as it is. */
const notTaken = z.looseObject({ requestPayload: busEvent });

/** The event of a partner bus that a dead letter holds; nothing where it holds something else. */
export function readBusEvent(body: string): BusEvent | undefined {
  const content = parseJson(body);
  return notTaken.safeParse(content).data?.requestPayload ?? busEvent.safeParse(content).data;
}

/** As a source reads it. */
export function busRequest(event: BusEvent): WebhookRequest {
  const body = Buffer.from(JSON.stringify(event));
  return { method: 'POST', headers: new Map(), query: new Map(), body, url: undefined };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
