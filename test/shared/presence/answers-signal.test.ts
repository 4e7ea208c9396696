import { expect, test } from 'vitest';
import { readSignal } from '../../../shared/presence/answers.ts';
import { failure, response } from './answers.ts';

test.for(['{}', '', 'null', 'OK', '<html>', '[]', '{"anything":1}', '{"err":null}', '{"msg":"thanks"}'])(
  'status 200 is a success, whatever the body: %j',
  (body) => {
    expect(readSignal(response(body))).toBe('sent');
  },
);

test.for([201, 202, 204])('so is any other 2xx: %d', (status) => {
  expect(readSignal(response('', status))).toBe('sent');
});

test.for([404, 409, 410, 421, 301, 302, 307, 308])('status %d: the visitor is not here', (status) => {
  expect(readSignal(response('', status))).toBe('not-here');
});

test.for([
  { err: 'visitornotpresent', msg: 'gone' },
  { error: 'visitornotpresent' },
  { err: 'visitornotpresent' },
  { type: 'redirect', direct: 'pr0017.glance.net' },
])('a body that says that the visitor is not here, with status 200: %j', (body) => {
  expect(readSignal(response(body))).toBe('not-here');
});

test.for([
  [{ err: 'busy', msg: 'later' }, 'invalid-answer'],
  [{ error: 'broken' }, 'invalid-answer'],
  [{ error: { detail: 'broken' } }, 'invalid-answer'],
  [{ err: 'authorization', msg: 'no' }, 'authorization'],
] as const)('an error with status 200 is never a success: %j', ([body, code]) => {
  expect(failure(() => readSignal(response(body))).code).toBe(code);
});

test.for([500, 502, 504, 505, 599])('after status %d nobody knows whether the message arrived', (status) => {
  expect(failure(() => readSignal(response('', status))).code).toBe('delivery-unknown');
});

test.for([
  [401, 'authorization'],
  [403, 'authorization'],
  [429, 'unavailable'],
  [503, 'unavailable'],
  [400, 'invalid-answer'],
  [405, 'invalid-answer'],
  [422, 'invalid-answer'],
] as const)('status %d: the server did not take the message (%s)', ([status, code]) => {
  expect(failure(() => readSignal(response('', status))).code).toBe(code);
});

test('how long to stay away is kept', () => {
  const busy = response('', 503, { 'retry-after': '7' });
  expect(failure(() => readSignal(busy))).toMatchObject({ code: 'unavailable', retryAfterSeconds: 7 });
});
