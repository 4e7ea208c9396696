import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { signedFetch } from '../../../infra/cli/signed-fetch.ts';

const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const region = 'us-east-1';

/** What a server of AWS does with a signature, as the description of Signature Version 4 has it: makes it anew. */
function expectedSignature({ method = '', url = '', headers }: IncomingMessage, body: string): string {
  const { authorization = '', 'x-amz-date': time = '' } = headers;
  const [, names = ''] = /SignedHeaders=([^,]+)/.exec(authorization) ?? [];
  const [path = '', query = ''] = url.split('?');
  // By names, and only those of one name by values: as texts, `a-=` would come before `a=`.
  const pairs = query.split('&').filter(Boolean).toSorted(byNameAndValue);
  const canonical = [
    method,
    path,
    pairs.join('&'),
    ...names.split(';').map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    names,
    createHash('sha256').update(body).digest('hex'),
  ].join('\n');
  const day = String(time).slice(0, 8);
  const scope = `${day}/${region}/execute-api/aws4_request`;
  const told = ['AWS4-HMAC-SHA256', time, scope, createHash('sha256').update(canonical).digest('hex')].join(
    '\n',
  );
  const parts = [day, region, 'execute-api', 'aws4_request'];
  const start: Buffer = Buffer.from(`AWS4${credentials.secretAccessKey}`);
  const key = parts.reduce((by, part) => createHmac('sha256', by).update(part).digest(), start);
  return createHmac('sha256', key).update(told).digest('hex');
}

function byNameAndValue(one: string, other: string): number {
  const [[name = '', value = ''], [otherName = '', otherValue = '']] = [one.split('='), other.split('=')];
  if (name !== otherName) return name < otherName ? -1 : 1;
  return value < otherValue ? -1 : 1;
}

const server = createServer(async (request, response) => {
  const body = await text(request);
  const [, given] = /Signature=([0-9a-f]{64})$/.exec(request.headers.authorization ?? '') ?? [];
  seen.push({ isRight: given === expectedSignature(request, body), headers: request.headers });
  response.writeHead(request.url?.startsWith('/away') ? 302 : 200, { location: 'https://example.com/' });
  response.end(body);
});
const seen: { isRight: boolean; headers: IncomingMessage['headers'] }[] = [];
let base: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // of a server on a port
});
afterAll(() => void server.close());
beforeEach(() => void seen.splice(0));

const call = signedFetch({ credentials, region, service: 'execute-api' });

test('whatever is asked, the signature is the one that AWS finds', async () => {
  // Also one that is given several times.
  const name = fc.oneof(fc.constant('again'), fc.stringMatching(/^[A-Za-z][\w.~-]{0,9}$/));
  const query = fc.array(fc.tuple(name, fc.string({ unit: 'grapheme', maxLength: 20 })), { maxLength: 5 });
  const segment = fc.stringMatching(/^[\w~-]{1,12}$/);
  const body = fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(query, segment, body, async (pairs, path, given) => {
      seen.splice(0);
      const request = given === undefined ? {} : { method: 'POST', body: given, headers: { 'X-Mine': 'a' } };
      await call(`${base}/${path}?${new URLSearchParams(pairs)}`, request);
      expect(seen.map(({ isRight }) => isRight)).toEqual([true]);
    }),
  );
});

test('it is of the time that is said, and tells of a session where there is one', async () => {
  const session = { ...credentials, sessionToken: 'of-this-session' };
  const now = () => Date.UTC(2026, 0, 2, 3, 4, 5);
  await signedFetch({ credentials: session, region, service: 'execute-api', now })(`${base}/here`);
  expect(seen).toMatchObject([
    {
      isRight: true,
      headers: { 'x-amz-date': '20260102T030405Z', 'x-amz-security-token': 'of-this-session' },
    },
  ]);
});

test('no answer leads it elsewhere', async () => {
  await expect(call(`${base}/away`)).rejects.toThrow();
  expect(seen).toHaveLength(1);
});
