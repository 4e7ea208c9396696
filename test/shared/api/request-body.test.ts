import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signalvisitor } from '../../../shared/api/endpoints.ts';
import { problemAnswer } from '../../../shared/api/problem.ts';
import { parseRequest } from '../../../shared/api/request.ts';
import { type CallOptions, gatewayEvent } from '../../support/gateway-event.ts';
import { problemFrom } from './problems.ts';

const query = { groupid: '12345', visitorid: 'ada' };
const json = { 'Content-Type': 'application/json' };
const hello = '{"mtype":"signal","data":{"greeting":"hello"}}';

function parse(body: CallOptions['body'], headers: CallOptions['headers'] = json) {
  return parseRequest(signalvisitor, gatewayEvent({ query, headers, body: body ?? null })).body;
}

function problemWith(body: CallOptions['body'], headers: CallOptions['headers'] = json) {
  return problemFrom(() => parse(body, headers));
}

function faultsOf(body: CallOptions['body']) {
  const problem = problemWith(body);
  expect(problem.code).toBe('invalid-request');
  return problem.faults;
}

/** What leaves for the direct server. */
function passedOn(body: string): string {
  return JSON.stringify(parse(body));
}

describe('a message', () => {
  test('is read from text, and from base64 as API Gateway hands it over', () => {
    const message = { mtype: 'signal', data: { greeting: 'hello' } };
    expect(parse(hello)).toEqual(message);
    expect(parse(Buffer.from(hello))).toEqual(message);
  });

  test('keeps every letter', () => {
    const data = ['é', '€', '😀', '\u0000', '\u2028', '\ud800'];
    expect(parse(Buffer.from(JSON.stringify({ mtype: 'signal', data })))).toEqual({ mtype: 'signal', data });
  });

  test.for([
    '9007199254740993',
    '12345678901234567890',
    '-98765432109876543210',
    '0.1234567890123456789',
    '1.00000000000000000001e5',
    '1e400',
    '-1e999',
    '0',
    '-0',
    '1.50',
    '-1.5',
    '17',
  ])('keeps the digits of %s', (number) => {
    expect(passedOn(`{"mtype":"signal","data":{"id":${number}}}`)).toContain(`"id":${number}}`);
    expect(passedOn(`{"mtype":"signal","data":${number}}`)).toContain(`"data":${number}}`);
    const invoke = `{"mtype":"invoke","data":{"func":"GLANCE.a","args":{"id":[${number}]}}}`;
    expect(passedOn(invoke)).toBe(invoke);
  });

  test('of any kind that a page could understand leaves as it came', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        const text = JSON.stringify({ mtype: 'signal', data });
        expect(JSON.parse(passedOn(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  test('keeps an argument of any name', () => {
    const invoke = '{"mtype":"invoke","data":{"func":"GLANCE.a","args":{"constructor":1,"toString":{}}}}';
    expect(passedOn(invoke)).toBe(invoke);
  });
});

describe('the content type', () => {
  test.for([
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    ' application/json ',
  ])('%j is taken', (contentType) => {
    expect(parse(hello, { 'content-type': contentType })).toBeTruthy();
  });

  test.for(['', 'text/plain', 'application/jsonp', 'application/json; charset=latin1', 'text/json', 'json'])(
    '%j is not, and the answer says what is',
    (contentType) => {
      const problem = problemWith(hello, { 'CONTENT-TYPE': contentType });
      expect(problem).toMatchObject({
        code: 'unsupported-media-type',
        headers: { accept: 'application/json' },
      });
    },
  );

  test('none at all is not', () => {
    for (const headers of [{}, null]) {
      expect(problemWith(hello, headers).code).toBe('unsupported-media-type');
    }
  });
});

describe('a body', () => {
  const padded = (length: number) => hello.padEnd(length);

  test('may be 32 KB long and no longer, counted in bytes', () => {
    expect(parse(padded(32_768))).toBeTruthy();
    expect(problemWith(padded(32_769)).code).toBe('payload-too-large');
    expect(problemWith(Buffer.from(padded(32_769))).code).toBe('payload-too-large');
    expect(problemWith(`{"mtype":"signal","data":"${'é'.repeat(16_384)}"}`).code).toBe('payload-too-large');
  });

  test.for([[''], [null]])('that is missing (%j) is told', ([body]) => {
    expect(faultsOf(body ?? null)).toEqual([{ detail: 'is missing', pointer: '#' }]);
  });

  test.for(['{', '<html>', "{'mtype':'signal'}", '{"mtype":"signal","data":1}x', 'NaN', '\ufeff{}'])(
    'that is not JSON is told: %j',
    (body) => {
      expect(faultsOf(body)).toEqual([{ detail: 'is not JSON', pointer: '#' }]);
    },
  );

  test('that is not UTF-8 is told', () => {
    const latin1 = Buffer.from('{"mtype":"signal","data":"é"}', 'latin1');
    expect(faultsOf(latin1)).toEqual([{ detail: 'is not UTF-8', pointer: '#' }]);
  });

  test('faults of query and body are told together', () => {
    const event = gatewayEvent({ query: { groupid: 'x' }, headers: json, body: '{"mtype":"x"}' });
    expect(problemFrom(() => parseRequest(signalvisitor, event)).faults).toEqual([
      { detail: 'must be digits', parameter: 'groupid' },
      { detail: 'is missing', parameter: 'visitorid' },
      { detail: 'must be "signal" or "invoke"', pointer: '#/mtype' },
      { detail: 'is missing', pointer: '#/data' },
    ]);
  });
});

describe('what is wrong with a message is told with its place', () => {
  const mtype = { detail: 'must be "signal" or "invoke"', pointer: '#/mtype' };
  const missingData = { detail: 'is missing', pointer: '#/data' };
  const object = (pointer: string) => ({ detail: 'must be an object', pointer });

  test.for<[string, object[]]>([
    ['[]', [object('#')]],
    ['null', [object('#')]],
    ['"signal"', [object('#')]],
    ['17', [object('#')]],
    ['12345678901234567890', [object('#')]],
    ['{}', [mtype, missingData]],
    ['{"mtype":7,"data":1}', [mtype]],
    ['{"mtype":12345678901234567890}', [mtype, missingData]],
    ['{"kind":"signal"}', [mtype, missingData, { detail: 'is not known here', pointer: '#/kind' }]],
    ['{"mtype":"signal"}', [missingData]],
    ['{"mtype":"invoke"}', [missingData]],
    ['{"mtype":"invoke","data":[]}', [object('#/data')]],
    ['{"mtype":"invoke","data":12345678901234567890}', [object('#/data')]],
    ['{"mtype":"invoke","data":{"func":"GLANCE.a","args":12345678901234567890}}', [object('#/data/args')]],
    [
      '{"mtype":"invoke","data":{"func":7,"args":[],"more":1},"x/y~z ü":1}',
      [
        { detail: 'must be a string', pointer: '#/data/func' },
        object('#/data/args'),
        { detail: 'is not known here', pointer: '#/data/more' },
        { detail: 'is not known here', pointer: '#/x~1y~0z%20%C3%BC' },
      ],
    ],
    [
      '{"mtype":"invoke","data":{"func":"alert"}}',
      [{ detail: 'must name a function under GLANCE. or GLANCE_COBROWSE.Custom.', pointer: '#/data/func' }],
    ],
  ])('%s', ([body, faults]) => {
    expect(faultsOf(body)).toEqual(faults);
  });

  test.for(['\\ud800', `${'a'.repeat(99)}😀`])(
    'half a character in an unknown name (%s) does no harm',
    (name) => {
      const faults = faultsOf(`{"mtype":"signal","data":1,"${name}":1}`);
      expect(faults).toEqual([
        { detail: 'is not known here', pointer: expect.stringMatching(/^#\/.{1,120}$/) },
      ]);
    },
  );
});

test('of very many faults the first 50 are named, and how many there are', () => {
  const keys = Array.from({ length: 2_000 }, (_, index) => `"k${index}":1`);
  const event = gatewayEvent({ query, headers: json, body: `{"mtype":"signal","data":1,${keys}}` });
  const problem = problemFrom(() => parseRequest(signalvisitor, event));
  expect(problem.message).toBe('The request has 2000 faults; "errors" names the first 50.');
  expect(problem.faults).toHaveLength(50);
});

describe('nesting', () => {
  const nested = (open: string, close: string, depth: number) =>
    `{"mtype":"signal","data":${open.repeat(depth)}1${close.repeat(depth)}}`;

  test('as deep as anybody needs is passed on', () => {
    const body = nested('[', ']', 500);
    expect(passedOn(body)).toBe(body);
  });

  test.for<[string, string, number]>([
    ['[', ']', 16_000],
    ['{"a":', '}', 5_400],
    ['[{"a":', '}]', 4_000],
  ])('of %s at any depth is passed on or refused, and never crashes', ([open, close, most]) => {
    for (let depth = 500; depth <= most; depth += 250) {
      const body = nested(open, close, depth);
      try {
        expect(passedOn(body)).toBe(body);
      } catch (error) {
        expect(error).toMatchObject({ faults: [{ detail: 'is nested too deeply', pointer: '#' }] });
      }
    }
  });

  test('that never closes is not JSON', () => {
    expect(faultsOf('['.repeat(32_000))).toEqual([{ detail: 'is not JSON', pointer: '#' }]);
  });
});

test('no value of a body is ever repeated', () => {
  const value = fc.stringMatching(/^[A-Z0-9]{8,20}$/).map((text) => `§${text}`);
  const wrong = fc.oneof(
    value.map((text) => `{"mtype":"${text}"}`),
    value.map((text) => `{"mtype":"invoke","data":"${text}"}`),
    value.map((text) => `{"mtype":"invoke","data":{"func":"${text}","args":"${text}"}}`),
    value.map((text) => `{"mtype":"invoke","data":{"func":"GLANCE.a","args":["${text}"],"x":"${text}"}}`),
    value.map((text) => `{"mtype":"signal","data":"${text}","x":{"y":"${text}"}}`),
    value.map((text) => `{"mtype":"signal","data":"${text}`),
    value.map((text) => `"${text}"`),
    value,
  );
  fc.assert(
    fc.property(wrong, (body) => {
      expect(problemAnswer(problemWith(body), 'r').body).not.toContain('§');
    }),
  );
});

test('any bytes at all are a message or a problem', () => {
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => Buffer.from(text)),
    fc.jsonValue().map((data) => Buffer.from(JSON.stringify({ mtype: 'invoke', data }))),
  );
  fc.assert(
    fc.property(bytes, (body) => {
      try {
        parse(body);
      } catch (error) {
        expect(error).toMatchObject({ name: 'Problem', code: 'invalid-request' });
      }
    }),
  );
});
