import type { APIGatewayProxyEvent, Context } from 'aws-lambda';

export interface CallOptions {
  readonly query?: Readonly<Record<string, string | readonly string[]>> | null;
  readonly headers?: Readonly<Record<string, string>> | null;
  /** Text stands in the event as it is, bytes as base64. */
  readonly body?: string | Uint8Array | null;
  /** How long ago the call came in at the gateway. */
  readonly ageMs?: number;
}

/** What API Gateway (REST API, Lambda proxy) hands to a function, as far as it is read here. */
export function gatewayEvent({
  query = {},
  headers = {},
  body = null,
  ageMs = 0,
}: CallOptions = {}): APIGatewayProxyEvent {
  const isBytes = body instanceof Uint8Array;
  const lists = query && Object.entries(query).map(([name, values]) => [name, [values].flat()] as const);
  const event: Partial<APIGatewayProxyEvent> = {
    headers: headers as APIGatewayProxyEvent['headers'],
    queryStringParameters: lists && Object.fromEntries(lists.map(([name, [value]]) => [name, value])),
    multiValueQueryStringParameters: lists && Object.fromEntries(lists),
    body: isBytes ? Buffer.from(body).toString('base64') : body,
    isBase64Encoded: isBytes,
    requestContext: {
      requestId: 'request-1',
      requestTimeEpoch: Date.now() - ageMs,
    } as APIGatewayProxyEvent['requestContext'],
  };
  return event as APIGatewayProxyEvent;
}

export function lambdaContext(remainingMs = 10_000): Context {
  const end = Date.now() + remainingMs;
  return { getRemainingTimeInMillis: () => end - Date.now() } as Context;
}
