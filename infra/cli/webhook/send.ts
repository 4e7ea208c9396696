import * as z from 'zod/mini';
import { UsageError } from '../../command.ts';
import { localHints } from '../aws.ts';
import type { LocalRelay } from './local-relay.ts';
import type { SignedRequest } from './sign.ts';

export interface Answer {
  readonly status: number;
  readonly milliseconds: number;
}

const limitMs = 30_000;

/** Sends it, and waits for the answer. Throws where there is none. */
export async function send({ url, headers, body }: SignedRequest): Promise<Answer> {
  const began = performance.now();
  const { status } = await post(url, headers, body);
  return { status, milliseconds: performance.now() - began };
}

const event = z.object({
  source: z.string(),
  'detail-type': z.string(),
  detail: z.looseObject({}),
  resources: z._default(z.array(z.string()), []),
});

/** Puts an event on the bus, as Salesforce does: no answer comes of it but that it is there. */
export async function putEvent({ events }: LocalRelay, body: Buffer): Promise<Answer> {
  const { source, 'detail-type': type, detail, resources } = readEvent(body);
  const entry = { Source: source, DetailType: type, Detail: JSON.stringify(detail), Resources: resources };
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'AWSEvents.PutPartnerEvents',
  };
  const began = performance.now();
  const { status } = await post(events, headers, Buffer.from(JSON.stringify({ Entries: [entry] })));
  return { status, milliseconds: performance.now() - began };
}

function readEvent(body: Buffer): z.infer<typeof event> {
  try {
    return event.parse(JSON.parse(body.toString('utf8')));
  } catch (cause) {
    throw new UsageError('the sample is no event: JSON with "source", "detail-type" and "detail"', { cause });
  }
}

async function post(url: string, headers: Readonly<Record<string, string>>, body: Buffer): Promise<Response> {
  try {
    const signal = AbortSignal.timeout(limitMs);
    const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body), signal });
    await response.arrayBuffer();
    return response;
  } catch (cause) {
    const { host } = new URL(url);
    throw new Error(`${host} does not answer; ${localHints.unreachable}`, { cause });
  }
}
