import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SignedRequest } from '../../infra/cli/signed-fetch.ts';
import { endpoints, methodsAt } from '../../shared/api/endpoints.ts';
import { RelayUnderTest } from '../support/relay.ts';

let relay: RelayUnderTest;
beforeAll(async () => {
  relay = await RelayUnderTest.open();
});
afterAll(() => relay[Symbol.asyncDispose]());

const json = { 'content-type': 'application/json' };
const signal = JSON.stringify({ mtype: 'signal', data: 1 });

/** Each row: what is wrong, the call, and what must come back. */
const calls: [string, string, SignedRequest, { status: number; code: string; errors?: unknown }][] = [
  [
    'no parameters at all',
    'lookupvisitor',
    {},
    {
      status: 400,
      code: 'invalid-request',
      errors: [
        { detail: 'is missing', parameter: 'groupid' },
        { detail: 'is missing', parameter: 'visitorid' },
      ],
    },
  ],
  [
    'a parameter given twice',
    'findvisitor?groupid=12345&visitorid=a&visitorid=b',
    {},
    {
      status: 400,
      code: 'invalid-request',
      errors: [{ detail: 'must be given once', parameter: 'visitorid' }],
    },
  ],
  [
    'a parameter that nobody knows',
    'query?groupid=12345&page=2',
    {},
    { status: 400, code: 'invalid-request', errors: [{ detail: 'is not known here', parameter: 'page' }] },
  ],
  [
    'faults in the query and in the body at once',
    'signalvisitor?groupid=12x&visitorid=..',
    { method: 'POST', headers: json, body: '{"mtype":"shout","data":1}' },
    {
      status: 400,
      code: 'invalid-request',
      errors: [
        { parameter: 'groupid', detail: 'must be digits' },
        { parameter: 'visitorid', detail: expect.stringContaining('1 to 100 characters') },
        { pointer: '#/mtype', detail: 'must be "signal" or "invoke"' },
      ],
    },
  ],
  [
    'a body that is not JSON',
    'signalvisitor?groupid=12345&visitorid=a',
    { method: 'POST', headers: json, body: '{"mtype":' },
    { status: 400, code: 'invalid-request', errors: [{ detail: 'is not JSON', pointer: '#' }] },
  ],
  [
    'no body',
    'signalvisitor?groupid=12345&visitorid=a',
    { method: 'POST', headers: json },
    { status: 400, code: 'invalid-request', errors: [{ detail: 'is missing', pointer: '#' }] },
  ],
  [
    'a body of another type',
    'signalvisitor?groupid=12345&visitorid=a',
    { method: 'POST', headers: { 'content-type': 'text/plain' }, body: signal },
    { status: 415, code: 'unsupported-media-type' },
  ],
  [
    'a message over 32 KB',
    'signalvisitor?groupid=12345&visitorid=a',
    { method: 'POST', headers: json, body: JSON.stringify({ mtype: 'signal', data: 'x'.repeat(32_768) }) },
    { status: 413, code: 'payload-too-large' },
  ],
  [
    'a group of somebody else',
    'lookupvisitor?groupid=999&visitorid=a',
    {},
    { status: 403, code: 'forbidden-group' },
  ],
  [
    'a function that is not on the list',
    'signalvisitor?groupid=12345&visitorid=a',
    { method: 'POST', headers: json, body: '{"mtype":"invoke","data":{"func":"GLANCE.Guest.joinSession"}}' },
    { status: 403, code: 'forbidden-function', errors: [{ pointer: '#/data/func' }] },
  ],
  [
    'headers that mean nothing',
    'signalvisitor?groupid=12345&visitorid=a',
    { method: 'POST', headers: { ...json, TTL: 'soon', 'Idempotency-Key': 'a b' }, body: signal },
    {
      status: 400,
      code: 'invalid-request',
      errors: [
        { header: 'TTL', detail: 'must be a whole number of seconds from 1 to 86400' },
        { header: 'Idempotency-Key', detail: 'must be 1 to 255 visible ASCII characters' },
      ],
    },
  ],
  [
    'a signal that nobody has sent',
    'signals/00000000000000000000000000000000',
    {},
    { status: 404, code: 'not-found' },
  ],
  ['a path that is none', 'presence?groupid=12345', {}, { status: 404, code: 'not-found' }],
  [
    'a wrong method',
    'signalvisitor?groupid=12345&visitorid=a',
    {},
    { status: 405, code: 'method-not-allowed' },
  ],
];

describe('a call is refused, and told why, for', () => {
  test.each(calls)('%s', async (_, target, init, { status, ...problem }) => {
    const answer = await relay.request(target, init);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.json).toMatchObject({ ...problem, status, requestId: expect.any(String) });
  });
});

test.each([...new Set(endpoints.map(({ path }) => path))])(
  'HEAD %s is a wrong method, and the right ones are named',
  async (path) => {
    const answer = await relay.request(path.slice(1), { method: 'HEAD' });
    expect(answer).toMatchObject({ status: 405, text: '' });
    expect(answer.headers.get('allow')).toBe(methodsAt(path));
  },
);

test('what was given never comes back', async () => {
  const answer = await relay.call(
    'signalvisitor',
    { groupid: 'secret-1', visitorid: 'secret 2', 'x-3': 'secret-3' },
    {
      mtype: 'secret-4',
      data: 'secret-5',
    },
  );
  expect(answer.status).toBe(400);
  expect(answer.text).not.toContain('secret');
});
