import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { type Endpoint, lookupvisitor } from '../../shared/api/endpoints.ts';

export const account = '111122223333';
/** The role that signs the calls, of the account that the relay is in. */
export const callerRole = 'agent-desk';

export interface CallOptions {
  readonly query?: Readonly<Record<string, string | readonly string[]>> | null;
  readonly headers?: Readonly<Record<string, string>> | null;
  /** Text stands in the event as it is, bytes as base64. */
  readonly body?: string | Uint8Array | null;
  /** How long ago the call came in at the gateway. */
  readonly ageMs?: number;
  readonly endpoint?: Endpoint;
  /** The path of the API that took the call, and its method: those of the endpoint unless given. */
  readonly resource?: string;
  readonly httpMethod?: string;
  /** As API Gateway tells who has signed. */
  readonly userArn?: string | null;
}

export function assumedRole(role: string, of = account, session = 'ada'): string {
  return `arn:aws:sts::${of}:assumed-role/${role}/${session}`;
}

/** What API Gateway (REST API, Lambda proxy) hands to a function, as far as it is read here. */
export function gatewayEvent({
  query = {},
  headers = {},
  body = null,
  ageMs = 0,
  endpoint = lookupvisitor,
  resource = endpoint.path,
  httpMethod = endpoint.method,
  userArn = assumedRole(callerRole),
}: CallOptions = {}): APIGatewayProxyEvent {
  const isBytes = body instanceof Uint8Array;
  const lists = query && Object.entries(query).map(([name, values]) => [name, [values].flat()] as const);
  const event: Partial<APIGatewayProxyEvent> = {
    headers: headers as APIGatewayProxyEvent['headers'],
    queryStringParameters: lists && Object.fromEntries(lists.map(([name, [value]]) => [name, value])),
    multiValueQueryStringParameters: lists && Object.fromEntries(lists),
    body: isBytes ? Buffer.from(body).toString('base64') : body,
    isBase64Encoded: isBytes,
    resource,
    httpMethod,
    requestContext: {
      accountId: account,
      identity: { userArn },
      requestId: 'request-1',
      requestTimeEpoch: Date.now() - ageMs,
    } as unknown as APIGatewayProxyEvent['requestContext'],
  };
  return event as APIGatewayProxyEvent;
}

export function lambdaContext(remainingMs = 10_000): Context {
  const end = Date.now() + remainingMs;
  return { getRemainingTimeInMillis: () => end - Date.now() } as Context;
}
