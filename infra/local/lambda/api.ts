import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { type Answer, json } from '../http/answer.ts';
import { close, isLoopbackHost, listen } from '../http/loopback.ts';
import { send } from '../http/send.ts';
import { functionArn } from './environment.ts';
import { FunctionError, RequestTooLarge } from './failure.ts';
import type { LocalFunction } from './function.ts';
import { maxEventBytes } from './invocation.ts';

interface ApiFunction {
  readonly target: Pick<LocalFunction, 'invoke'>;
  /** What the API tells of its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

interface ApiOptions {
  readonly port: number;
  /** By the names that they have on AWS. */
  readonly functions: Readonly<Record<string, ApiFunction>>;
}

export interface FunctionsApi {
  /** For `AWS_ENDPOINT_URL_LAMBDA`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Lambda's own API on loopback, as far as calling a function and reading its environment goes: for the unmodified
 * client. There has to be a signature, which is not checked. https://docs.aws.amazon.com/lambda/latest/api/
 */
export async function startFunctionsApi({ port, functions }: ApiOptions): Promise<FunctionsApi> {
  const known = new Map(Object.entries(functions));

  async function serve(request: IncomingMessage): Promise<Answer> {
    if (!isLoopbackHost(request.headers.host)) return refusal(403, 'AccessDeniedException', 'Not this host.');
    // A page of another site could send what needs no header of its own, such as a form, and so call any function.
    if (!request.headers.authorization?.startsWith('AWS4-'))
      return refusal(403, 'MissingAuthenticationTokenException', 'There is no signature.');
    const [, name = '', operation] = route.exec(pathOf(request)) ?? [];
    const wanted = operation && methods[operation];
    if (!wanted || request.method !== wanted)
      return refusal(404, 'UnknownOperationException', 'This is Lambda: Invoke, GetFunctionConfiguration.');
    const found = known.get(name);
    if (!found) return refusal(404, 'ResourceNotFoundException', `Function not found: ${functionArn(name)}`);
    return operation === 'configuration' ? configuration(name, found) : await invoke(request, found);
  }

  const server = createServer((request, response) => {
    void serve(request)
      .catch((error: unknown) => refusal(500, 'ServiceException', String(error)))
      .then((answer) => send(response, withRequestId(answer)));
  });
  const url = await listen(server, port, 'Lambda');
  return { url, close: () => close(server) };
}

const route = /^\/2015-03-31\/functions\/([\w-]{1,64})\/(invocations|configuration)$/;
const methods: Readonly<Record<string, string>> = { invocations: 'POST', configuration: 'GET' };

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.replace(/\?.*$/s, '');
}

function configuration(name: string, { environment }: ApiFunction): Answer {
  const Environment = { Variables: environment };
  return json({ FunctionName: name, FunctionArn: functionArn(name), State: 'Active', Environment });
}

async function invoke(request: IncomingMessage, { target }: ApiFunction): Promise<Answer> {
  const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  if (type !== 'RequestResponse' && type !== 'Event')
    return refusal(400, 'InvalidParameterValueException', 'RequestResponse or Event.');
  const payload = await payloadOf(request);
  if (payload === undefined) return tooLarge;
  const event = parsed(payload);
  if (!event)
    return refusal(400, 'InvalidRequestContentException', 'Could not parse request body into json.');
  if (type === 'RequestResponse') return await answerOf(target.invoke(event.value));
  // Nobody waits for it, and what went wrong, the function has told by itself.
  target.invoke(event.value).catch(() => undefined);
  return { status: 202, body: '' };
}

/** A function that failed is an answer too. */
async function answerOf(result: Promise<unknown>): Promise<Answer> {
  const version = { 'x-amz-executed-version': '$LATEST' };
  try {
    return json(await result, 200, version);
  } catch (error) {
    if (error instanceof RequestTooLarge) return tooLarge;
    if (!(error instanceof FunctionError)) throw error;
    const { errorType, errorMessage } = error;
    return json({ errorType, errorMessage }, 200, { ...version, 'x-amz-function-error': 'Unhandled' });
  }
}

/** Undefined when it is more than Lambda takes. The rest is read all the same: who still sends does not hear yet. */
async function payloadOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    // no encoding is set
    bytes += piece.length;
    if (bytes <= maxEventBytes) pieces.push(piece);
  }
  return bytes <= maxEventBytes ? Buffer.concat(pieces) : undefined;
}

/** Nothing at all is an empty event. */
function parsed(payload: Buffer): { value: unknown } | undefined {
  try {
    return { value: payload.length === 0 ? {} : JSON.parse(payload.toString()) };
  } catch {
    return undefined;
  }
}

const tooLarge = refusal(
  413,
  'RequestTooLargeException',
  `Request must be smaller than ${maxEventBytes} bytes for the InvokeFunction operation`,
);

function refusal(status: number, type: string, Message: string): Answer {
  return json({ Type: status < 500 ? 'User' : 'Server', Message }, status, { 'x-amzn-errortype': type });
}

function withRequestId({ headers, ...answer }: Answer): Answer {
  return { ...answer, headers: { ...headers, 'x-amzn-requestid': randomUUID() } };
}
