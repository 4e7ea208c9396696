import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inBody, inQuery } from '../../../shared/api/faults.ts';
import { Problem, type ProblemCode, problemAnswer, problemStatus } from '../../../shared/api/problem.ts';

const codes = Object.keys(problemStatus) as ProblemCode[];

describe('a problem', () => {
  test('is told as RFC 9457 wants it, with its code, the request and the faults', () => {
    const problem = new Problem('invalid-request', 'The request has faults; see "errors".', {
      faults: [{ detail: 'is missing', parameter: 'groupid' }],
    });
    const { statusCode, headers, body } = problemAnswer(problem, 'request-1');
    expect(statusCode).toBe(400);
    expect(headers).toEqual({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
    expect(JSON.parse(body)).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      code: 'invalid-request',
      detail: 'The request has faults; see "errors".',
      requestId: 'request-1',
      errors: [{ detail: 'is missing', parameter: 'groupid' }],
    });
  });

  test.for(codes)('%s has a status, a title and nothing beyond the documented members', (code) => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (detail, requestId) => {
        const { statusCode, body } = problemAnswer(new Problem(code, detail), requestId);
        expect(statusCode).toBe(problemStatus[code]);
        expect(JSON.parse(body)).toEqual({
          type: 'about:blank',
          title: expect.stringMatching(/^[A-Z][A-Za-z ]+$/),
          status: statusCode,
          code,
          detail,
          requestId,
        });
      }),
      { numRuns: 20 },
    );
  });

  test('never sends its cause', () => {
    const problem = new Problem('internal', 'The relay failed.', { cause: new Error('hunter2') });
    expect(JSON.stringify(problemAnswer(problem, 'r'))).not.toContain('hunter2');
  });

  test('may bring headers, which cannot change what kind of answer it is', () => {
    const headers = { 'retry-after': '5', 'content-type': 'text/html', 'cache-control': 'public' };
    expect(problemAnswer(new Problem('upstream-unavailable', '', { headers }), 'r').headers).toEqual({
      'retry-after': '5',
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
    });
  });
});

describe('the place of a fault', () => {
  const detail = 'is missing';

  test('in the query is the name of a parameter', () => {
    expect(inQuery({ path: ['groupid'], detail })).toEqual({ detail, parameter: 'groupid' });
  });

  test.for<[PropertyKey[], string]>([
    [[], '#'],
    [['data', 'func'], '#/data/func'],
    [['data', 0], '#/data/0'],
    [['a/b~c'], '#/a~1b~0c'],
    [[''], '#/'],
    [['é %'], '#/%C3%A9%20%25'],
    [['\ud800'], '#/%EF%BF%BD'],
  ])('%j in the body is %s', ([path, pointer]) => {
    expect(inBody({ path, detail })).toEqual({ detail, pointer });
  });

  test('in the body leads back to it', () => {
    const name = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(fc.array(name), (path) => {
        const { pointer } = inBody({ path, detail }) as { pointer: string };
        const read = pointer
          .slice(1)
          .split('/')
          .slice(1)
          .map((token) => decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~'));
        expect(read).toEqual(path);
      }),
    );
  });
});
