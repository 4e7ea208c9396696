import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lookupvisitor, query as queryEndpoint } from '../../../shared/api/endpoints.ts';
import type { Fault } from '../../../shared/api/problem.ts';
import { problemAnswer } from '../../../shared/api/problem.ts';
import { parseRequest } from '../../../shared/api/request.ts';
import { gatewayEvent } from '../../support/gateway-event.ts';
import { problemFrom } from './problems.ts';

type Query = Record<string, string | string[]>;
const good = { groupid: '12345', visitorid: 'ada' };

function parse(query: Query | null) {
  return parseRequest(lookupvisitor, gatewayEvent({ query }));
}

function faultsOf(query: Query | null): readonly Fault[] {
  const problem = problemFrom(() => parse(query));
  expect(problem.code).toBe('invalid-request');
  return problem.faults;
}

test('a good request', () => {
  expect(parse(good)).toEqual({ query: good, headers: {}, body: undefined });
});

test('Glance’s own scripts write `&&ver=…`, which is taken', () => {
  expect(parse({ ...good, '': '', ver: '6.33.0' }).query).toEqual({ ...good, ver: '6.33.0' });
  expect(parse({ ...good, '': ['', ''] }).query).toEqual(good);
});

test('query needs no visitor id', () => {
  const event = gatewayEvent({ query: { groupid: '12345' } });
  expect(parseRequest(queryEndpoint, event).query).toEqual({ groupid: '12345' });
});

test('a body of a GET request is not looked at', () => {
  expect(parseRequest(lookupvisitor, gatewayEvent({ query: good, body: '<html>' })).query).toEqual(good);
});

describe('every fault is told at once, with its place', () => {
  test('missing parameters', () => {
    const missing = [
      { detail: 'is missing', parameter: 'groupid' },
      { detail: 'is missing', parameter: 'visitorid' },
    ];
    expect(faultsOf({})).toEqual(missing);
    expect(faultsOf(null)).toEqual(missing);
  });

  test('parameters that are wrong, unknown or given twice', () => {
    expect(
      faultsOf({ groupid: 'abc', visitorid: ['a', 'b'], site: 'production', ver: 'x'.repeat(41) }),
    ).toEqual([
      { detail: 'must be given once', parameter: 'visitorid' },
      { detail: 'must be digits', parameter: 'groupid' },
      { detail: 'must be at most 40 characters', parameter: 'ver' },
      { detail: 'is not known here', parameter: 'site' },
    ]);
  });

  test.for(['__proto__', 'constructor', 'toString', 'Groupid', 'groupid ', 'groupid[]'])(
    'a parameter called %j is not known',
    (name) => {
      const query = Object.fromEntries([...Object.entries(good), [name, 'x']]);
      expect(faultsOf(query)).toEqual([{ detail: 'is not known here', parameter: name }]);
    },
  );

  test('the place of a fault is short, however long the name', () => {
    const name = 'n'.repeat(5_000);
    for (const fault of faultsOf({ ...good, [name]: ['a', 'b'] })) {
      expect(JSON.stringify(fault).length).toBeLessThan(200);
    }
  });
});

test('no value is ever repeated, and a request is good or has faults', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[A-Za-z0-9._~-]+$/)).map(
    (text) => `§${text}`, // makes each value wrong and recognisable
  );
  const name = fc.oneof(
    fc.constantFrom('groupid', 'visitorid', 'ver', 'site'),
    fc.stringMatching(/^[a-z]+$/),
  );
  fc.assert(
    fc.property(fc.dictionary(name, fc.oneof(value, fc.array(value, { maxLength: 3 }))), (query) => {
      const problem = problemFrom(() => parse(query));
      expect(problem.code).toBe('invalid-request');
      expect(problem.faults.length).toBeGreaterThan(0);
      expect(problemAnswer(problem, 'r').body).not.toContain('§');
    }),
  );
});
