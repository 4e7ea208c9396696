import { expect, test } from 'vitest';
import { readLookup } from '../../../shared/presence/answers.ts';
import { failure, response } from './answers.ts';

const present = {
  direct: 'pr0016.glance.net:443',
  visitorpresent: '1583953702.0',
  timestamp: '1583953702.0',
  visitorid: 'example',
  groupid: '12345',
  ds: 'pr0016.glance.net/0',
  directserver: 'pr0016.glance.net',
  tlsport: 5501,
  httpsport: 443,
};
const routing = { ds: 'pr0016.glance.net/0', direct: 'pr0016.glance.net:443', tlsport: 5501, httpsport: 443 };

function presenceOf(body: unknown, status = 200): string {
  return readLookup(response(body, status)).presence;
}

test('the documented answer is a present visitor, and is handed on letter by letter', () => {
  const text = ` ${JSON.stringify(present, null, 3)}\n`;
  expect(readLookup(response(text))).toEqual({ presence: 'present', body: text });
});

test('a load-balanced server may leave out the visitor id', () => {
  const { visitorid: _, ...rest } = present;
  expect(presenceOf(rest)).toBe('present');
});

test.for([{ url: 'https://shop.example/' }, { visitorid: 'a' }, { visitorpresent: '1.0' }, { basket: '3' }])(
  'one key that tells of the visitor is enough: %j',
  (data) => {
    expect(presenceOf(data)).toBe('present');
    expect(presenceOf({ ...routing, ...data })).toBe('present');
  },
);

test.for(['{}', ' { } ', 'null', '', ' \n', '{"visitorfound":false}', '{"visitorfound":"False"}'])(
  'an absent visitor: %j',
  (text) => {
    expect(presenceOf(text)).toBe('absent');
  },
);

test.for(['', 'null', '{}', '{"err":"visitornotpresent","msg":"gone"}'])(
  'an absent visitor by status 404 with %j',
  (body) => {
    expect(readLookup(response(body, 404))).toEqual({ presence: 'absent', body: '{}' });
  },
);

test.for(['<html>404 Not Found</html>', '{"err":"notfound","msg":"no such path"}'])(
  'a 404 from something else than the service is never an absent visitor: %j',
  (body) => {
    expect(failure(() => readLookup(response(body, 404))).code).toBe('invalid-answer');
  },
);

test('an absent visitor by an error in the body', () => {
  expect(presenceOf({ err: 'visitornotpresent', msg: 'gone' })).toBe('absent');
});

test('an answer without a body is handed on as {}', () => {
  expect(readLookup(response('')).body).toBe('{}');
});

test.for([routing, { ...routing, groupid: '12345' }, { ...routing, visitorfound: true }])(
  'an answer that only names a server is neither present nor absent: %j',
  (answer) => {
    expect(presenceOf(answer)).toBe('unknown');
  },
);

test('a visitor’s own data may hold err and msg', () => {
  expect(presenceOf({ ...present, err: 'E42', msg: 'card refused' })).toBe('present');
});

test('err and msg alone are a failure', () => {
  expect(failure(() => presenceOf({ err: 'busy', msg: 'try later' }))).toMatchObject({
    code: 'invalid-answer',
    message: 'the Presence service answered "busy"',
  });
  expect(failure(() => presenceOf({ err: 'authorization', msg: 'no' })).code).toBe('authorization');
});

test.for(['<html>', '[]', '"present"', 'true', '5', '{"visitorid":', "{'a': 1}", '\0'])(
  'what is not a JSON object is a failure, never an absent visitor: %j',
  (text) => {
    expect(failure(() => presenceOf(text)).code).toBe('invalid-answer');
  },
);
