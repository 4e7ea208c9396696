import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type HttpRequest,
  Transport,
  TransportError,
  type TransportLimits,
} from '../../../shared/presence/transport.ts';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import {
  closedPort,
  cutBody,
  cutChunks,
  json,
  later,
  loopback,
  type PresenceServer,
  reset,
  silence,
  startPresenceServer,
  status,
  text,
} from '../../support/presence-server.ts';
import { startRawServer } from '../../support/raw-server.ts';

const opened: Transport[] = [];

function transportWith(limits: Partial<TransportLimits> = {}): Transport {
  const transport = new Transport(limits);
  opened.push(transport);
  return transport;
}

afterEach(async () => {
  for (const transport of opened.splice(0)) await transport.close();
});

function get({ address }: Pick<PresenceServer, 'address'>, path = '/lookupvisitor?groupid=1'): HttpRequest {
  return { server: address, method: 'GET', path, token: 'eyJ.a.b' };
}

function post(server: Pick<PresenceServer, 'address'>, body = '{}'): HttpRequest {
  return { ...get(server, '/signalvisitor?groupid=1'), method: 'POST', body };
}

async function failureOf(exchange: Promise<unknown>): Promise<TransportError> {
  const error = await exchange.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof TransportError) return error;
  throw new Error('no TransportError', { cause: error });
}

describe('a request', () => {
  test('carries the token, and is otherwise bare', async () => {
    await using server = await startPresenceServer({ '/lookupvisitor': json({}) });
    await transportWith().exchange(get(server, '/lookupvisitor?groupid=1&visitorid=a~b'), deadlineIn(5_000));
    const [request] = server.arrived;
    expect(request).toMatchObject({ method: 'GET', url: '/lookupvisitor?groupid=1&visitorid=a~b', body: '' });
    expect(request?.headers).toEqual({
      host: `127.0.0.1:${server.port}`,
      connection: 'keep-alive',
      authorization: 'Bearer eyJ.a.b',
      accept: 'application/json',
    });
  });

  test('with a body says that it is JSON in UTF-8, and how long it is', async () => {
    await using server = await startPresenceServer({ '/signalvisitor': json({}) });
    await transportWith().exchange(post(server, '{"data":"é"}'), deadlineIn(5_000));
    const [request] = server.arrived;
    expect(request).toMatchObject({ method: 'POST', body: '{"data":"é"}' });
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-length': '13',
    });
  });
});

describe('an answer', () => {
  test('comes whole: status, headers and text', async () => {
    await using server = await startPresenceServer({
      '/lookupvisitor': text('{"é":1}', { status: 418, headers: { 'retry-after': '7' } }),
    });
    const answer = await transportWith().exchange(get(server), deadlineIn(5_000));
    expect(answer).toMatchObject({ status: 418, text: '{"é":1}' });
    expect(answer.headers['retry-after']).toBe('7');
  });

  test('may have no body', async () => {
    await using server = await startPresenceServer({ '/lookupvisitor': status(204) });
    const answer = await transportWith().exchange(get(server), deadlineIn(5_000));
    expect(answer).toMatchObject({ status: 204, text: '' });
  });

  test('is not mistaken for the hints that go before it', async () => {
    await using server = await startPresenceServer({
      '/lookupvisitor': (response) => {
        response.writeProcessing();
        response.writeEarlyHints({ link: '</x>; rel=preload' });
        response.end('{}');
      },
    });
    const answer = await transportWith().exchange(get(server), deadlineIn(5_000));
    expect(answer).toMatchObject({ status: 200, text: '{}' });
  });

  test.for([301, 302, 303, 307, 308])('that redirects (%d) is not followed', async (code) => {
    await using elsewhere = await startPresenceServer({});
    const location = `http://127.0.0.1:${elsewhere.port}/`;
    await using server = await startPresenceServer({ '/lookupvisitor': status(code, { location }) });
    expect((await transportWith().exchange(get(server), deadlineIn(5_000))).status).toBe(code);
    expect([server.arrived.length, elsewhere.connections]).toEqual([1, 0]);
  });
});

describe('connections', () => {
  test('are kept: the pool makes a second one at most for requests that follow each other', async () => {
    await using server = await startPresenceServer({ '/lookupvisitor': json({}) });
    const transport = transportWith();
    for (let i = 0; i < 10; i++) await transport.exchange(get(server), deadlineIn(5_000));
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  test('are bounded, and every request gets its turn', async () => {
    await using server = await startPresenceServer({ '/lookupvisitor': later(5, json({})) });
    const transport = transportWith({ connections: 3 });
    const all = Array.from({ length: 60 }, () => transport.exchange(get(server), deadlineIn(5_000)));
    expect(new Set((await Promise.all(all)).map((answer) => answer.status))).toEqual(new Set([200]));
    expect([server.connections, server.arrived.length]).toEqual([3, 60]);
  });

  test('that look idle for long, as after a freeze of the function, are not used again', async () => {
    await using server = await startPresenceServer({ '/lookupvisitor': json({}) });
    let now = 0;
    const transport = new Transport({ connections: 1 }, { now: () => now });
    opened.push(transport);
    for (const at of [10_000, 14_000, 20_000]) {
      now = at;
      await transport.exchange(get(server), deadlineIn(5_000));
    }
    expect(server.connections).toBe(2);
  });

  test('end with the transport, and so do the requests under way', async () => {
    await using server = await startPresenceServer({ '/lookupvisitor': silence });
    const transport = new Transport();
    const failure = failureOf(transport.exchange(get(server), deadlineIn(5_000)));
    await expect.poll(() => server.arrived.length).toBe(1);
    await transport.close();
    expect((await failure).sent).toBe(true);
    await expect.poll(() => server.open).toBe(0);
  });
});

describe('no whole answer', () => {
  test('because nobody listens there: surely not sent', async () => {
    const address = loopback(await closedPort());
    const failure = await failureOf(transportWith().exchange(post({ address }), deadlineIn(5_000)));
    expect(failure).toMatchObject({ sent: false, late: false });
  });

  test('because there is no such host: surely not sent', async () => {
    const server = { origin: 'https://nowhere.invalid', hostname: 'nowhere.invalid', checked: true } as const;
    const failure = await failureOf(
      transportWith().exchange({ ...post({ address: server }), server }, deadlineIn(10_000)),
    );
    expect(failure.sent).toBe(false);
  });

  test('because the server does not speak TLS: surely not sent', async () => {
    await using server = await startPresenceServer({});
    const origin = `https://127.0.0.1:${server.port}`;
    const address = { ...server.address, origin };
    const failure = await failureOf(transportWith().exchange(post({ address }), deadlineIn(5_000)));
    expect(failure.sent).toBe(false);
    expect(server.arrived).toHaveLength(0);
  });

  test('because the connection was reset after the request: it may have arrived', async () => {
    await using server = await startPresenceServer({ '/signalvisitor': reset });
    const failure = await failureOf(transportWith().exchange(post(server), deadlineIn(5_000)));
    expect(failure).toMatchObject({ sent: true, late: false });
    expect(server.arrived).toHaveLength(1);
  });

  test.for([
    ['a body of known length', cutBody],
    ['a chunked body', cutChunks],
  ] as const)('because the connection ended within %s: it may have arrived', async ([, cut]) => {
    await using server = await startPresenceServer({ '/signalvisitor': cut });
    const failure = await failureOf(transportWith().exchange(post(server), deadlineIn(5_000)));
    expect(failure).toMatchObject({ sent: true, late: false });
    expect(server.arrived).toHaveLength(1);
  });

  test('because it does not speak HTTP: it may have arrived', async () => {
    await using server = await startRawServer((socket) => socket.end('220 mail.example ESMTP\r\n'));
    const failure = await failureOf(transportWith().exchange(post(server), deadlineIn(5_000)));
    expect(failure.sent).toBe(true);
  });

  test('is told in words of our own, since those of others may repeat what came', async () => {
    await using server = await startRawServer((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nhun\0ter2: x\r\n\r\n'),
    );
    const failure = await failureOf(transportWith().exchange(get(server), deadlineIn(5_000)));
    expect(failure.message).toBe('the connection failed');
    expect(failure.cause).toBeInstanceOf(Error);
  });

  test('within the time for its head: it may have arrived', async () => {
    await using server = await startPresenceServer({ '/signalvisitor': silence });
    const transport = transportWith({ headersMs: 100 });
    const failure = await failureOf(transport.exchange(post(server), deadlineIn(10_000)));
    expect(failure).toMatchObject({ sent: true, late: false });
  });

  test('within the time between two pieces', async () => {
    await using server = await startPresenceServer({
      '/lookupvisitor': (response) => response.writeHead(200).write('{'),
    });
    const transport = transportWith({ bodyMs: 100 });
    const failure = await failureOf(transport.exchange(get(server), deadlineIn(10_000)));
    expect(failure).toMatchObject({ sent: true, late: false });
  });

  test('within the deadline: the call ends at once and its connection with it', async () => {
    await using server = await startPresenceServer({ '/signalvisitor': silence });
    const began = performance.now();
    const failure = await failureOf(transportWith().exchange(post(server), deadlineIn(200)));
    expect(failure).toMatchObject({ sent: true, late: true });
    expect(performance.now() - began).toBeLessThan(1_000);
    await expect.poll(() => server.open).toBe(0);
  });

  test('that is short enough to be kept in memory', async () => {
    await using server = await startPresenceServer({
      '/lookupvisitor': [text('x'.repeat(1_000)), text('x'.repeat(1_001))],
    });
    const transport = transportWith({ maxBytes: 1_000 });
    expect((await transport.exchange(get(server), deadlineIn(5_000))).text).toHaveLength(1_000);
    const failure = await failureOf(transport.exchange(get(server), deadlineIn(5_000)));
    expect(failure).toMatchObject({ sent: true, message: 'the answer is longer than 1000 bytes' });
  });

  test('that never ends is cut at the limit', async () => {
    await using server = await startPresenceServer({
      '/lookupvisitor': (response) => {
        const more = () => {
          while (response.write('x'.repeat(1_000)));
        };
        response.on('drain', more);
        more();
      },
    });
    await failureOf(transportWith({ maxBytes: 10_000 }).exchange(get(server), deadlineIn(5_000)));
    await expect.poll(() => server.open).toBe(0);
  });
});

describe('a request that waits for a busy connection', () => {
  test('fails at its deadline as surely not sent, and is not sent afterwards', async () => {
    await using server = await startPresenceServer({ '/signalvisitor': later(400, json({})) });
    const transport = transportWith({ connections: 1 });
    const busy = transport.exchange(post(server, '"first"'), deadlineIn(5_000));
    const failure = await failureOf(transport.exchange(post(server, '"second"'), deadlineIn(100)));
    expect(failure).toMatchObject({ sent: false, late: true });
    await busy;
    await transport.exchange(post(server, '"third"'), deadlineIn(5_000));
    await sleep(50);
    expect(server.arrived.map(({ body }) => body)).toEqual(['"first"', '"third"']);
  });

  test('is sent once when the connection before it breaks', async () => {
    await using server = await startPresenceServer({ '/signalvisitor': [reset, json({})] });
    const transport = transportWith({ connections: 1 });
    const [first, second] = await Promise.allSettled([
      transport.exchange(post(server, '"first"'), deadlineIn(5_000)),
      transport.exchange(post(server, '"second"'), deadlineIn(5_000)),
    ]);
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled']);
    expect(server.arrived.map(({ body }) => body)).toEqual(['"first"', '"second"']);
  });
});

test('calls that are over leave no timer that would keep a program from ending', async () => {
  await using server = await startPresenceServer({ '/lookupvisitor': json({}) });
  const transport = transportWith();
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  for (let i = 0; i < 20; i++) await transport.exchange(get(server), deadlineIn(60_000));
  expect(timers() - before).toBeLessThan(10);
});

test('a time that no timer can hold is as good as no deadline', async () => {
  await using server = await startPresenceServer({ '/lookupvisitor': later(50, json({})) });
  for (const ms of [2 ** 31, Number.POSITIVE_INFINITY]) {
    expect((await transportWith().exchange(get(server), deadlineIn(ms))).status).toBe(200);
  }
});
