import type { APIGatewayProxyEvent } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lookupvisitor, signalvisitor } from '../../../shared/api/endpoints.ts';
import { problemAnswer } from '../../../shared/api/problem.ts';
import { parseRequest } from '../../../shared/api/request.ts';
import { gatewayEvent } from '../../support/gateway-event.ts';
import { problemFrom } from './problems.ts';

const query = { groupid: '12345', visitorid: 'ada' };
const type = { 'Content-Type': 'application/json' };
const body = '{"mtype":"signal","data":1}';

/** As API Gateway hands headers over: the last value of each name, and all of them beside. */
function eventWith(all: Record<string, string[]>, options: object = {}): APIGatewayProxyEvent {
  const last = Object.fromEntries(Object.entries(all).map(([name, values]) => [name, values.at(-1) ?? '']));
  const event = gatewayEvent({
    endpoint: signalvisitor,
    query,
    headers: { ...type, ...last },
    body,
    ...options,
  });
  return { ...event, multiValueHeaders: { 'Content-Type': [type['Content-Type']], ...all } };
}

const read = (all: Record<string, string[]>) => parseRequest(signalvisitor, eventWith(all)).headers;

function faultsOf(all: Record<string, string[]>, options?: object) {
  const problem = problemFrom(() => parseRequest(signalvisitor, eventWith(all, options)));
  expect(problem.code).toBe('invalid-request');
  return problem.faults;
}

const noSeconds = 'must be a whole number of seconds from 1 to 86400';
const noKey = 'must be 1 to 255 visible ASCII characters';

describe('a TTL', () => {
  test('of any whole number of seconds up to a day is taken', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 86_400 }), fc.nat(5), (seconds, zeros) => {
        expect(read({ TTL: [`${'0'.repeat(zeros)}${seconds}`] })).toEqual({ TTL: seconds });
      }),
    );
  });

  test.for([
    '0',
    '86401',
    '-1',
    '+1',
    '1.5',
    '1e3',
    '0x10',
    '',
    ' ',
    '1 ',
    '60s',
    '٣',
    '9'.repeat(400),
    '60, 60',
  ])('of %j is a fault', (ttl) => {
    expect(faultsOf({ TTL: [ttl] })).toEqual([{ header: 'TTL', detail: noSeconds }]);
  });

  test('is taken or a fault, whatever text it is, and is never repeated', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[-+]?[\d.eE_]{1,8}$/));
    fc.assert(
      fc.property(text, (ttl) => {
        const isGood = /^\d+$/.test(ttl) && Number(ttl) >= 1 && Number(ttl) <= 86_400;
        if (isGood) expect(read({ TTL: [ttl] })).toEqual({ TTL: Number(ttl) });
        else expect(faultsOf({ TTL: [ttl] })).toEqual([{ header: 'TTL', detail: noSeconds }]);
      }),
    );
  });
});

describe('an Idempotency-Key', () => {
  test('is the whole text, quotes and all', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\x21-\x7e]{1,255}$/), (key) => {
        expect(read({ 'Idempotency-Key': [key] })).toEqual({ 'Idempotency-Key': key });
        const quoted = `"${key.slice(0, 253)}"`;
        expect(read({ 'Idempotency-Key': [quoted] })).toEqual({ 'Idempotency-Key': quoted });
      }),
    );
  });

  test.for(['', 'k'.repeat(256), 'a b', 'a\tb', 'schlüssel', 'a\u0000', 'a\n'])('of %j is a fault', (key) => {
    expect(faultsOf({ 'Idempotency-Key': [key] })).toEqual([{ header: 'Idempotency-Key', detail: noKey }]);
  });
});

describe('headers', () => {
  test('are known in any case', () => {
    expect(read({ ttl: ['60'], 'IDEMPOTENCY-KEY': ['k'] })).toEqual({ TTL: 60, 'Idempotency-Key': 'k' });
  });

  test('may be missing, each of them', () => {
    expect(read({})).toEqual({});
    expect(read({ TTL: ['60'] })).toEqual({ TTL: 60 });
  });

  test('that were given twice are faults, in whatever case and with whatever values', () => {
    const twice = (header: string) => [{ header, detail: 'must be given once' }];
    expect(faultsOf({ TTL: ['60', '60'] })).toEqual(twice('TTL'));
    expect(faultsOf({ TTL: ['60'], ttl: ['60'] })).toEqual(twice('TTL'));
    expect(faultsOf({ 'Idempotency-Key': ['a', 'b'] })).toEqual(twice('Idempotency-Key'));
  });

  test('where only the last of each is told are read all the same', () => {
    const event = gatewayEvent({
      endpoint: signalvisitor,
      query,
      headers: { ...type, Ttl: '60' },
      body,
    });
    expect(parseRequest(signalvisitor, event).headers).toEqual({ TTL: 60 });
  });

  test('mean nothing to an endpoint that does not name them', () => {
    const headers = { TTL: 'nonsense', 'Idempotency-Key': '' };
    expect(parseRequest(lookupvisitor, gatewayEvent({ query, headers })).headers).toEqual({});
  });

  test('have their faults told with those of the query and the body', () => {
    const wrong = { query: { ...query, groupid: 'x' }, body: '{"mtype":"shout","data":1}' };
    expect(faultsOf({ TTL: ['0'], 'Idempotency-Key': ['a b'] }, wrong)).toEqual([
      { parameter: 'groupid', detail: 'must be digits' },
      { header: 'TTL', detail: noSeconds },
      { header: 'Idempotency-Key', detail: noKey },
      { pointer: '#/mtype', detail: 'must be "signal" or "invoke"' },
    ]);
  });

  test('never come back', () => {
    const value = fc.string({ unit: 'binary', maxLength: 300 }).map((text) => ` §${text}`);
    fc.assert(
      fc.property(value, value, (ttl, key) => {
        const all = { TTL: [ttl], 'Idempotency-Key': [key] };
        const problem = problemFrom(() => parseRequest(signalvisitor, eventWith(all)));
        expect(problemAnswer(problem, 'r').body).not.toContain('§');
      }),
    );
  });
});
