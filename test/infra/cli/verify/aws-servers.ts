import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { listen } from '../../../support/presence-server.ts';
import { someAws } from '../running.ts';

/** What a client of the AWS Query protocol is answered. */
export type Told = string | { readonly error: string; readonly message: string; readonly status?: number };

interface Asked {
  readonly action: string;
  readonly input: URLSearchParams;
}

/**
 * A service with the AWS Query protocol (CloudFormation, STS), as far as it goes: what stands in `<…Result>` of its
 * answers. Gone after the test.
 */
export async function queryService(answer: (asked: Asked) => Told) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const input = new URLSearchParams(await text(request));
    const action = input.get('Action') ?? '';
    asked.push({ action, input });
    const told = answer({ action, input });
    const isError = typeof told !== 'string';
    const body = isError
      ? `<ErrorResponse><Error><Type>Sender</Type><Code>${told.error}</Code><Message>${told.message}</Message></Error></ErrorResponse>`
      : `<${action}Response><${action}Result>${told}</${action}Result></${action}Response>`;
    response.writeHead(isError ? (told.status ?? 400) : 200, { 'content-type': 'text/xml' }).end(body);
  });
  const port = await listen(server);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${port}`, asked: asked as readonly Asked[] };
}

interface JsonAsked {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** A service with AWS's JSON protocol (Athena), by its operations. Gone after the test. */
export async function jsonService(answer: (asked: JsonAsked) => object) {
  const asked: JsonAsked[] = [];
  const server = createServer(async (request, response) => {
    const one = { operation: operationOf(request), input: JSON.parse(await text(request)) };
    asked.push(one);
    const told = answer(one);
    const status = '__type' in told ? 400 : 200;
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(told));
  });
  const port = await listen(server);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${port}`, asked: asked as readonly JsonAsked[] };
}

function operationOf({ headers }: IncomingMessage): string {
  return String(headers['x-amz-target']).replace(/^\w+\./, '');
}

/** For a client in this process. */
export function at(endpoint: string) {
  return {
    ...{ endpoint, region: 'eu-west-1', maxAttempts: 1 },
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
  };
}

export const account = '111122223333';

interface StackOptions {
  readonly name?: string;
  readonly state?: string;
  readonly outputs?: Readonly<Record<string, string>>;
  /** Of the outputs. */
  readonly descriptions?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly created?: Date;
  readonly updated?: Date;
}

/** A stack as CloudFormation tells of it. */
export function stackXml({
  name = 'presence-relay-prod',
  state = 'CREATE_COMPLETE',
  outputs = {},
  descriptions = {},
  tags = {},
  created = new Date(Date.now() - 3_600_000),
  updated,
}: StackOptions = {}): string {
  const told = Object.entries(outputs).map(
    ([key, value]) =>
      `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue><Description>${descriptions[key] ?? ''}</Description></member>`,
  );
  const tagged = Object.entries(tags).map(
    ([key, value]) => `<member><Key>${key}</Key><Value>${value}</Value></member>`,
  );
  return `<member><StackName>${name}</StackName>
    <StackId>arn:aws:cloudformation:eu-west-1:${account}:stack/${name}/1</StackId>
    <StackStatus>${state}</StackStatus><CreationTime>${created.toISOString()}</CreationTime>
    ${updated ? `<LastUpdatedTime>${updated.toISOString()}</LastUpdatedTime>` : ''}
    <Outputs>${told.join('')}</Outputs><Tags>${tagged.join('')}</Tags></member>`;
}

export function stacksXml(...stacks: readonly string[]): string {
  return `<Stacks>${stacks.join('')}</Stacks>`;
}

export const missing = (name: string) => ({
  error: 'ValidationError',
  message: `Stack with id ${name} does not exist`,
});

/** The least that a relay has. */
export function outputsOf(address = 'https://relay.example/prod') {
  return {
    Address: address,
    ApiId: 'a1b2c3',
    SignalQueue: 'https://sqs.example/1/presence-relay-prod-signals',
    RefreshQueue: 'https://sqs.example/1/presence-relay-prod-refresh.fifo',
    TokenSecret12345: 'presence-relay/prod/12345/token',
    CredentialsSecret12345: 'presence-relay/prod/12345/credentials',
  };
}

/** The environment of a program for which AWS is these services alone. */
export function environmentOf(services: Readonly<Record<string, string>>): Record<string, string> {
  const endpoints = Object.entries(services).map(([name, url]) => [`AWS_ENDPOINT_URL_${name}`, url]);
  return { ...someAws, ...Object.fromEntries(endpoints) };
}

/** Nobody looks on, and nobody interrupts. */
export function alone(signal = new AbortController().signal) {
  const told: string[] = [];
  return { signal, told, tell: (line?: string) => void (line !== undefined && told.push(line)) };
}
