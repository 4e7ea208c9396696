import { Readable } from 'node:stream';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { awslambda } from '../../../infra/local/lambda/runtime/awslambda.ts';
import { ResponseStream } from '../../../infra/local/lambda/runtime/response-stream.ts';
import { serveStream } from '../../../shared/api/edge.ts';
import { query as endpoint } from '../../../shared/api/endpoints.ts';
import { type CallOptions, gatewayEvent, lambdaContext } from '../../support/gateway-event.ts';
import { json, type Reply, status } from '../../support/presence-server.ts';
import { captureLog, startRelayEnvironment } from '../../support/relay-environment.ts';

beforeAll(() => {
  vi.stubGlobal('awslambda', awslambda);
});

/** What has left for the gateway: the head, then the body, and whether it has ended cleanly. */
async function answerTo(
  options: CallOptions = { query: { groupid: '12345' } },
  handle?: () => Promise<Readable>,
  mostBytes?: number,
): Promise<{ head: { statusCode: number; headers: object }; body: string; failure: unknown }> {
  const handler = serveStream(
    endpoint,
    handle ?? (({ query, presence, deadline }) => presence.query(query.groupid, query.visitorid, deadline)),
    mostBytes,
  );
  const chunks: Uint8Array[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const stream: ResponseStream = new ResponseStream({
    data: (bytes) => {
      chunks.push(bytes);
      setImmediate(() => stream.taken());
    },
    end: resolve,
  });
  let failure: unknown;
  try {
    await handler(gatewayEvent({ endpoint, ...options }), stream as never, lambdaContext());
    await ended;
  } catch (error) {
    failure = error;
  }
  const [head = '', body = ''] = Buffer.concat(chunks).toString('utf8').split('\0'.repeat(8));
  return { head: JSON.parse(head || '{}'), body, failure };
}

describe('a streamed call', () => {
  test('gets what the service answers', async () => {
    await using _ = await startRelayEnvironment({ endpoint, presence: { '/query': json({ visitors: [] }) } });
    expect(await answerTo()).toEqual({
      head: {
        statusCode: 200,
        headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
      },
      body: '{"visitors":[]}',
      failure: undefined,
    });
  });

  test('that fails before its answer has begun gets a problem, whole', async () => {
    await using _ = await startRelayEnvironment({ endpoint, presence: { '/query': status(500) } });
    using _log = captureLog();
    const { head, body, failure } = await answerTo();
    expect(head).toMatchObject({ statusCode: 502, headers: { 'content-type': 'application/problem+json' } });
    expect(JSON.parse(body)).toMatchObject({ code: 'upstream-invalid', requestId: 'request-1' });
    expect(failure).toBeUndefined();
  });

  test('with faults or for another group gets a problem', async () => {
    await using _ = await startRelayEnvironment({ endpoint });
    expect((await answerTo({ query: {} })).head.statusCode).toBe(400);
    expect((await answerTo({ query: { groupid: '1' } })).head.statusCode).toBe(403);
  });

  test('whose answer breaks off fails, so that the gateway breaks it off as well', async () => {
    const broken: Reply = (response) => {
      response.write(`[${'1,'.repeat(50_000)}`);
      setTimeout(() => response.socket?.resetAndDestroy(), 50);
    };
    await using _ = await startRelayEnvironment({ endpoint, presence: { '/query': broken } });
    using log = captureLog();
    const { head, failure } = await answerTo();
    expect(head.statusCode).toBe(200);
    expect(failure).toBeInstanceOf(Error);
    expect(JSON.parse(log.text)).toMatchObject({
      level: 'ERROR',
      event: 'stream broken off',
      Failure: 'stream-cut',
      Failures: 1,
    });
  });

  test('whose answer is longer than the platform lets through is cut, never ended cleanly, and counted', async () => {
    const visitors = Array.from({ length: 500 }, (_, n) => ({ visitorid: `v${n}` }));
    const answer = JSON.stringify({ visitors });
    await using _ = await startRelayEnvironment({ endpoint, presence: { '/query': json({ visitors }) } });
    using log = captureLog();
    expect(await answerTo(undefined, undefined, answer.length)).toMatchObject({ body: answer });
    const { body, failure } = await answerTo(undefined, undefined, answer.length - 1);
    expect(failure).toMatchObject({ message: 'the answer was broken off' });
    expect(body.length).toBeLessThan(answer.length);
    const [whole, cut] = log.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(whole).toMatchObject({ event: 'answered' });
    expect(cut).toMatchObject({ event: 'stream broken off', Failure: 'stream-cut' });
    expect(cut.reason).toBe(`AnswerTooLong: the answer is longer than ${answer.length - 1} bytes`);
  });

  test('whose answer breaks off for a reason nobody thought of fails just the same', async () => {
    await using _ = await startRelayEnvironment({ endpoint });
    using log = captureLog();
    const broken = Readable.from(
      (async function* () {
        yield '[1,';
        await Promise.resolve();
        throw new Error('hunter2');
      })(),
    );
    const { failure } = await answerTo(undefined, () => Promise.resolve(broken));
    expect(failure).toMatchObject({ message: 'the answer was broken off' });
    expect(log.text).toContain('stream broken off');
    expect(log.text).not.toContain('hunter2');
  });

  test('that the platform breaks off is no answer either: it is counted, and fails', async () => {
    await using _ = await startRelayEnvironment({ endpoint });
    using log = captureLog();
    const endless = new Readable({ read: () => void setImmediate(() => endless.push('1,')) });
    const stream: ResponseStream = new ResponseStream({
      data: () => stream.destroy(new Error('hunter2')),
      end: () => undefined,
    });
    const handler = serveStream(endpoint, () => Promise.resolve(endless));
    const event = gatewayEvent({ endpoint, query: { groupid: '12345' } });
    await expect(handler(event, stream as never, lambdaContext())).rejects.toThrow(
      'the answer was broken off',
    );
    expect(endless.destroyed).toBe(true);
    expect(JSON.parse(log.text)).toMatchObject({ level: 'ERROR', Failure: 'stream-cut', Failures: 1 });
    expect(log.text).not.toContain('hunter2');
  });

  test('has at most 15 minutes, as API Gateway waits no longer, less what it has lost on its way', async () => {
    await using _ = await startRelayEnvironment({ endpoint });
    let remaining = 0;
    const handler = serveStream(endpoint, ({ deadline }) => {
      remaining = deadline.remaining();
      return Promise.resolve(Readable.from(['{}']));
    });
    const stream: ResponseStream = new ResponseStream({
      data: () => setImmediate(() => stream.taken()),
      end: () => undefined,
    });
    const event = gatewayEvent({ endpoint, query: { groupid: '12345' }, ageMs: 20_000 });
    await handler(event, stream as never, lambdaContext(900_000));
    expect(remaining).toBeGreaterThan(878_000);
    expect(remaining).toBeLessThanOrEqual(879_000);
  });

  test('that meets a bug gets a problem that says nothing more', async () => {
    await using _ = await startRelayEnvironment({ endpoint });
    using log = captureLog();
    const { head, body } = await answerTo(undefined, () => Promise.reject(new Error('hunter2')));
    expect(head.statusCode).toBe(500);
    expect(body + log.text).not.toContain('hunter2');
  });

  test('of nobody at all is still JSON', async () => {
    await using _ = await startRelayEnvironment({
      endpoint,
      presence: { '/query': (response) => response.end() },
    });
    expect((await answerTo()).body).toBe('{}');
  });
});
