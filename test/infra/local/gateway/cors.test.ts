import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import { sendRaw, toyGateway } from './toy-gateway.ts';

const desk = 'https://desk.acme.example';
const stranger = 'https://evil.example';
const untouched = `console.log('begun'); exports.handler = async () => ({ statusCode: 200, body: '{}' })`;

const gateway = (code = untouched) => toyGateway(code, { origins: [desk, 'http://localhost:5173'] });

function crossOrigin(headers: Record<string, unknown>) {
  const isOfCors = (name: string) => name.startsWith('access-control-') || name === 'vary';
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isOfCors(name)));
}

async function preflight(path: string, origin?: string) {
  const { url, lines } = await gateway();
  const headers = { ...(origin !== undefined && { origin }), 'access-control-request-method': 'POST' };
  const answer = await request(`${url}${path}`, { method: 'OPTIONS', headers });
  return { ...answer, text: await answer.body.text(), lines };
}

const toEveryPage = {
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers':
    'authorization, content-type, idempotency-key, ttl, x-amz-content-sha256, x-amz-date, x-amz-security-token',
  'access-control-max-age': '7200',
  vary: 'origin',
};

describe('a preflight', () => {
  test.each([desk, 'http://localhost:5173'])('lets a page of %s call; no function runs', async (origin) => {
    const { statusCode, headers, text, lines } = await preflight('/toy?groupid=1', origin);
    expect([statusCode, text, lines]).toEqual([204, '', []]);
    expect(crossOrigin(headers)).toEqual({ ...toEveryPage, 'access-control-allow-origin': origin });
    expect(headers['x-amzn-requestid']).toMatch(/^[\da-f-]{36}$/);
  });

  test.each([stranger, `${desk}:8443`, `${desk}/`, 'null', undefined])(
    'does not let a page of %s call',
    async (origin) => {
      const { statusCode, headers } = await preflight('/toy', origin);
      expect(statusCode).toBe(204);
      expect(crossOrigin(headers)).toEqual(toEveryPage);
    },
  );

  test('names the methods of its own path, parameters or not', async () => {
    const { statusCode, headers } = await preflight('/toys/1', desk);
    expect([statusCode, headers['access-control-allow-methods']]).toEqual([204, 'GET']);
  });

  test('to a path that serves any method is answered by its function alone', async () => {
    const { statusCode, text } = await preflight('/hooks/crm', desk);
    expect([statusCode, text]).toEqual([200, '{}']);
  });

  test('for a path that is none has no success, so the page may not call', async () => {
    const { statusCode, text } = await preflight('/nothing', desk);
    expect([statusCode, JSON.parse(text).code]).toEqual([404, 'not-found']);
  });

  test('by a name that is not of this machine is refused as any call is', async () => {
    const { url } = await gateway();
    const head = `OPTIONS /toy HTTP/1.1\r\nHost: rebound.example\r\nOrigin: ${desk}\r\nConnection: close`;
    expect(await sendRaw(url, `${head}\r\n\r\n`)).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe('with origins configured, a page of any origin may read', () => {
  test.each([
    ['that there is nothing', '/nothing', 'GET', 404],
    ['that the method is wrong', '/toy', 'DELETE', 405],
    ['that the function failed', '/toy', 'GET', 500],
  ] as const)('%s', async (_what, path, method, status) => {
    const { url } = await gateway('exports.handler = async () => ({ statusCode: 0 })');
    const { statusCode, headers, body } = await request(`${url}${path}`, {
      method,
      headers: { origin: stranger },
    });
    expect(statusCode).toBe(status);
    expect(crossOrigin(headers)).toEqual({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'allow, location, retry-after, x-amzn-requestid',
    });
    expect(await body.json()).toMatchObject({ status, requestId: headers['x-amzn-requestid'] });
  });

  test('that the request is too long, or none', async () => {
    const { url } = await gateway();
    const long = await request(`${url}/toy?x=${'x'.repeat(20_000)}`);
    expect([long.statusCode, long.headers['access-control-allow-origin']]).toEqual([413, '*']);
    const none = await sendRaw(url, 'hello\r\n\r\n');
    expect(none).toMatch(/^HTTP\/1.1 400 [\s\S]*\r\naccess-control-allow-origin: \*\r\n/);
  });
});

test('What a function says of origins is left as it is', async () => {
  const { url } = await gateway(`exports.handler = async () => ({
    statusCode: 200, headers: { vary: 'origin', 'access-control-allow-origin': '${desk}' }, body: '{}',
  })`);
  const { headers } = await request(`${url}/toy`, { headers: { origin: desk } });
  expect(crossOrigin(headers)).toEqual({ vary: 'origin', 'access-control-allow-origin': desk });
  const bare = await gateway();
  const { headers: none } = await request(`${bare.url}/toy`, { headers: { origin: desk } });
  expect(crossOrigin(none)).toEqual({});
});

test.each(['OPTIONS', 'DELETE'] as const)(
  'Without origins, %s is a wrong method, and no page learns so',
  async (method) => {
    const { url } = await toyGateway(untouched);
    const { statusCode, headers } = await request(`${url}/toy`, { method, headers: { origin: desk } });
    expect([statusCode, headers.allow, crossOrigin(headers)]).toEqual([405, 'GET, POST', {}]);
  },
);
