import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { expect, test, vi } from 'vitest';
import { toyGateway, toyStream } from './toy-gateway.ts';

/** Tells of each call when it begins; takes as many milliseconds as the call says. */
const slow = `exports.handler = async ({ queryStringParameters: { n, ms } }) => {
  console.log(JSON.stringify({ n, at: Date.now() }));
  await new Promise((done) => setTimeout(done, ms));
  console.log('done ' + n);
  return { statusCode: 200, body: n };
}`;

async function call(url: string, n: number, ms: number) {
  const { statusCode, body } = await request(`${url}/toy?n=${n}&ms=${ms}`);
  return { n, statusCode, answer: await body.text(), answeredAt: Date.now() };
}

/** When each call began, as its function told. */
function begun(lines: readonly string[]) {
  const told = lines.filter((line) => line.startsWith('toy | {')).map((line) => JSON.parse(line.slice(6)));
  return new Map(told.map(({ n, at }: { n: string; at: number }) => [Number(n), at]));
}

test('A caller who is not waited for hears that nobody knows what became of the message', async () => {
  const { url, lines } = await toyGateway('exports.handler = () => new Promise(() => {})', {
    integrationTimeoutMs: 200,
  });
  const { statusCode, headers, body } = await request(`${url}/toy`);
  expect(statusCode).toBe(504);
  expect(await body.json()).toEqual({
    type: 'about:blank',
    title: 'Gateway Timeout',
    status: 504,
    code: 'delivery-unknown',
    detail: 'The relay did not answer in time; a message may have been delivered.',
    requestId: headers['x-amzn-requestid'],
  });
  expect(lines).toEqual(['gateway | Error: The function has not answered within 0.2 s.']);
});

test('Of many slow calls, none begins after its caller was answered', async () => {
  const { url, lines } = await toyGateway(slow, { maxInstances: 3, integrationTimeoutMs: 1000 });
  await call(url, -1, 0);
  const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => call(url, n, 600)));
  await sleep(1500);
  const beginnings = begun(lines);
  for (const { n, answeredAt } of answers) expect(beginnings.get(n) ?? 0).toBeLessThanOrEqual(answeredAt);
  const ran = answers.filter(({ n }) => beginnings.has(n));
  const served = answers.filter(({ statusCode }) => statusCode === 200);
  // Three instances, of which each begins twice before the time is over.
  expect([served.length, ran.length, answers.length - served.length]).toEqual([3, 6, 37]);
});

test('A call that has begun goes on after its time-out, and its instance serves the next one', async () => {
  const { url, lines } = await toyGateway(slow, { maxInstances: 1, integrationTimeoutMs: 500 });
  expect(await call(url, 1, 800)).toMatchObject({ statusCode: 504 });
  expect(lines).not.toContain('toy | done 1');
  expect(await call(url, 2, 0)).toMatchObject({ statusCode: 200, answer: '2' });
  expect(lines).toContain('toy | done 1');
});

const slowStart = 'const begin = Date.now(); while (Date.now() - begin < 800);';

test('A call never begins that timed out while its instance started', async () => {
  const { url, lines } = await toyGateway(slowStart + slow, { maxInstances: 1, integrationTimeoutMs: 300 });
  expect(await call(url, 1, 0)).toMatchObject({ statusCode: 504 });
  await vi.waitFor(async () => expect(await call(url, 2, 0)).toMatchObject({ statusCode: 200 }), 5000);
  expect(begun(lines).has(1)).toBe(false);
});

test('Nor does a stream whose client went away while its instance started', async () => {
  const { url, lines } = await toyStream(`console.log('begun'); answer.end('');`, slowStart);
  const signal = AbortSignal.timeout(300);
  await expect(request(`${url}/toy`, { signal })).rejects.toThrow('timeout');
  await sleep(1500);
  expect(lines).toEqual([]);
});
