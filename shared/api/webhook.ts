import type { APIGatewayProxyEvent, EventBridgeEvent } from 'aws-lambda';
import { once } from '../runtime/once.ts';
import { secretsManager } from '../runtime/secrets-manager.ts';
import { IdKey } from '../signals/ids.ts';
import { DeadLetters, SignalQueue, type SqsModule, sqsOf } from '../signals/queue.ts';
import { WebhookLog } from '../webhooks/intake/log.ts';
import { type Received, type Receiver, receive, takeIn } from '../webhooks/intake/receive.ts';
import { SourceKeys } from '../webhooks/intake/source-keys.ts';
import type { WebhookRequest } from '../webhooks/request.ts';
import type { Source } from '../webhooks/source.ts';
import type { WebhookEnvironment } from './config/webhook-environment.ts';
import { type HttpAnswer, Problem, problemAnswer, problemStatus } from './problem.ts';
import { unknownMethod } from './unknown.ts';
import { webhookUrl } from './webhook-path.ts';

export interface WebhookReceiver extends Receiver {
  /** What stands before `/webhooks/…` where the world sees it. */
  readonly publicUrl: string | undefined;
}

/** What webhooks are taken in with, made once per cold start. */
export function openReceiver(
  sources: Readonly<Record<string, Source>>,
  environment: WebhookEnvironment,
  sqsModule: SqsModule,
): WebhookReceiver {
  const client = secretsManager({ maxAttempts: 1 });
  const open = once(() => sqsOf(sqsModule));
  const idKey = new IdKey({ secret: environment.RELAY_ID_KEY, client });
  const faulty = (source: string, fault: string) => new WebhookLog('').faultyKeys(source, fault);
  return {
    sources: new Map(Object.entries(sources)),
    keys: new SourceKeys({ secretOf: (name) => environment.RELAY_WEBHOOK_KEYS[name], client, faulty }),
    idOf: (...parts) => idKey.idOf(...parts),
    queue: new SignalQueue({ url: environment.RELAY_SIGNAL_QUEUE, open }),
    deadLetters: new DeadLetters({ url: environment.RELAY_DEAD_LETTERS, open }),
    strictGroups: new Set(environment.RELAY_STRICT_GROUPS),
    publicUrl: environment.RELAY_PUBLIC_URL,
  };
}

/** Answers a request to `/webhooks/{source}`. Never rejects. */
export async function serveWebhook(
  event: APIGatewayProxyEvent,
  open: () => Promise<WebhookReceiver>,
): Promise<HttpAnswer> {
  const { requestId } = event.requestContext;
  // Some vendors ask whether there is anybody before they send anything: there is, whatever they call it.
  if (event.httpMethod === 'HEAD') return { statusCode: 200, headers: noStore, body: '' };
  if (event.httpMethod !== 'POST') return problemAnswer(unknownMethod('HEAD, POST'), requestId);
  const log = new WebhookLog(requestId);
  try {
    const receiver = await open();
    const name = event.pathParameters?.source ?? '';
    return answerOf(await receive(name, requestOf(event, name, receiver), receiver, log), requestId);
  } catch (error) {
    log.failed(error);
    return problemAnswer(failed, requestId);
  }
}

/** Takes in an event of a partner bus. Rejects where it could not be kept, so that Lambda brings it again. */
export async function serveEvent(
  event: EventBridgeEvent<string, unknown>,
  receiver: WebhookReceiver,
  requestId: string,
): Promise<void> {
  const log = new WebhookLog(requestId);
  const found = [...receiver.sources].find(
    ([, { transport }]) => typeof transport === 'object' && transport.eventSource === event.source,
  );
  if (!found) return log.rejected('unknown-source');
  const [name, source] = found;
  log.of(name);
  const body = Buffer.from(JSON.stringify(event));
  const request = { method: 'POST', headers: new Map(), query: new Map(), body, url: undefined };
  const reply = await takeIn(name, source, request, receiver, log);
  if (reply === source.answers.unavailable) throw new Error('the event could not be kept');
}

const noStore = { 'cache-control': 'no-store' };

/** Not `internal`: several vendors never come again after a 500. */
const failed = new Problem(
  'upstream-unavailable',
  'The relay cannot take webhooks now. It is safe to try again.',
  {
    headers: { 'retry-after': '30' },
  },
);

/** The same for whatever is wrong, to the last byte. */
const unauthenticated: HttpAnswer = {
  statusCode: problemStatus.unauthenticated,
  headers: { ...noStore, 'content-type': 'application/problem+json' },
  body: JSON.stringify({
    type: 'about:blank',
    title: 'Unauthorized',
    status: problemStatus.unauthenticated,
    code: 'unauthenticated',
    detail: 'This is not known as a webhook of a source of this relay.',
  }),
};

function answerOf(received: Received, requestId: string): HttpAnswer {
  if (received === 'unauthenticated') return unauthenticated;
  if (received === 'too-large')
    return problemAnswer(
      new Problem('payload-too-large', 'The body is above the limit of its source.'),
      requestId,
    );
  const { status, headers, body = '' } = received;
  return { statusCode: status, headers: { ...noStore, ...headers }, body };
}

/** As API Gateway hands it over, where every media type is binary. */
function requestOf(
  event: APIGatewayProxyEvent,
  name: string,
  { publicUrl }: WebhookReceiver,
): WebhookRequest {
  return {
    method: event.httpMethod,
    headers: byName(event.multiValueHeaders, (header) => header.toLowerCase()),
    query: byName(event.multiValueQueryStringParameters, (parameter) => parameter),
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
    url: publicUrl === undefined ? undefined : webhookUrl(publicUrl, name),
  };
}

/** Names that differ in their case alone may both be there. */
function byName(
  values: Readonly<Record<string, readonly string[] | undefined>> | null,
  named: (name: string) => string,
): Map<string, readonly string[]> {
  const all = new Map<string, readonly string[]>();
  for (const [name, some = []] of Object.entries(values ?? {}))
    all.set(named(name), [...(all.get(named(name)) ?? []), ...some]);
  return all;
}
