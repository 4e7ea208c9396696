import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { accountId } from '../account.ts';
import { localCaller, nobody } from '../caller.ts';
import type { RouteMatch } from './routes.ts';

const apiId = 'local';

/** A request as it came, with what the gateway has found out about it. */
export interface Received {
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly extendedRequestId: string;
  readonly time: Date;
  readonly path: string;
  readonly query: string;
  readonly match: RouteMatch;
  readonly body: Buffer | null;
}

/**
 * The event of a REST API with Lambda proxy integration, where every media type counts as binary.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
export function proxyEvent(received: Received): APIGatewayProxyEvent {
  const { request, path, query, match, body } = received;
  const headers = headerFields(request);
  const parameters = [...new URLSearchParams(query)];
  return {
    resource: match.route.resource,
    path,
    httpMethod: request.method ?? '',
    headers: lastValues(headers),
    multiValueHeaders: allValues(headers),
    queryStringParameters: parameters.length > 0 ? lastValues(parameters) : null,
    multiValueQueryStringParameters: parameters.length > 0 ? allValues(parameters) : null,
    pathParameters: match.pathParameters,
    stageVariables: null,
    requestContext: requestContext(received),
    body: body?.toString('base64') ?? null,
    isBase64Encoded: body !== null,
  };
}

function requestContext(received: Received): APIGatewayProxyEvent['requestContext'] {
  const { request, requestId, extendedRequestId, time, path, match } = received;
  const domainName = request.headers.host?.replace(/:\d+$/, '') ?? '';
  return {
    resourceId: match.route.resource.replaceAll(/\W/g, '') || 'root',
    resourcePath: match.route.resource,
    httpMethod: request.method ?? '',
    extendedRequestId,
    requestTime: requestTime(time),
    path,
    accountId,
    protocol: `HTTP/${request.httpVersion}`,
    stage: 'local',
    domainPrefix: domainName.split('.', 1).join(),
    requestTimeEpoch: time.getTime(),
    requestId,
    identity: {
      ...(match.route.isOpen ? nobody : localCaller),
      sourceIp: request.socket.remoteAddress ?? '',
      userAgent: request.headers['user-agent'] ?? null,
    },
    domainName,
    apiId,
    authorizer: null,
  };
}

type Pair = readonly [name: string, value: string];

/** These belong to one connection (RFC 9110, 7.6.1) and go no further than the gateway. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** Named as they came first; a name that comes again in another case is still the same header. */
function headerFields(request: IncomingMessage): Pair[] {
  const names = new Map<string, string>();
  for (const [name] of received(request)) {
    const key = name.toLowerCase();
    if (!names.has(key)) names.set(key, name);
  }
  return received(request).map(([name, value]) => [names.get(name.toLowerCase()) ?? name, value]);
}

function received({ rawHeaders, socket }: IncomingMessage): Pair[] {
  const values = rawHeaders.filter((_, i) => i % 2 === 1);
  const names = rawHeaders.filter((_, i) => i % 2 === 0);
  return [
    ...names
      .map((name, i): Pair => [name, values[i] ?? ''])
      .filter(([name]) => !hopByHop.has(name.toLowerCase())),
    ['X-Forwarded-For', socket.remoteAddress ?? ''],
    ['X-Forwarded-Port', String(socket.localPort)],
    ['X-Forwarded-Proto', 'http'],
  ];
}

function lastValues(pairs: readonly Pair[]): Record<string, string> {
  return Object.fromEntries(pairs);
}

function allValues(pairs: readonly Pair[]): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries(values);
}

/** The format of web server logs: `09/Apr/2025:12:34:56 +0000`. */
function requestTime(time: Date): string {
  const [, day, month, year, clock] = time.toUTCString().split(' ');
  return `${day}/${month}/${year}:${clock} +0000`;
}
