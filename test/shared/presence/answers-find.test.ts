import { expect, test } from 'vitest';
import { readFind } from '../../../shared/presence/answers.ts';
import { failure, response } from './answers.ts';

function serverOf(body: unknown) {
  const answer = readFind(response(body));
  return answer.presence === 'present' ? answer.server : answer.presence;
}

const pr16 = { hostname: 'pr0016.glance.net', port: 443 };

test('the new documented shape', () => {
  const text =
    '{"ds":"pr0016.glance.net/0","direct":"pr0016.glance.net:443","directserver":"pr0016.glance.net","tlsport":5501,"httpsport":443,"visitorfound":true}';
  expect(readFind(response(text))).toEqual({ presence: 'present', server: pr16, body: text });
});

test.for([
  { visitorfound: { direct: ['pr0016.glance.net'] } },
  { visitorfound: { direct: ['pr0016.glance.net', 'pr0017.glance.net'] } },
  { visitorfound: { direct: 'pr0016.glance.net' } },
  { visitorfound: { direct: 'pr0016.glance.net:443' } },
  { visitorfound: { directserver: 'pr0016.glance.net', httpsport: 443 } },
])('the old documented shape and its look-alikes: %j', (answer) => {
  expect(serverOf(answer)).toEqual(pr16);
});

test('directserver goes before direct, and httpsport before the port in a name', () => {
  const answer = { visitorfound: true, directserver: 'a.example', direct: 'b.example:1', httpsport: 8443 };
  expect(serverOf(answer)).toEqual({ hostname: 'a.example', port: 8443 });
});

test.for([
  [{ direct: 'a.example:8443' }, 8443],
  [{ direct: 'a.example' }, 443],
  [{ direct: ['a.example:8443'] }, 8443],
  [{ directserver: 'a.example', httpsport: '8443' }, 8443],
] as const)('the port of %j', ([answer, port]) => {
  expect(serverOf({ ...answer, visitorfound: true })).toEqual({ hostname: 'a.example', port });
});

test.for([
  { visitorfound: true },
  { visitorfound: {} },
  { visitorfound: true, direct: '' },
  { visitorfound: true, direct: [] },
  { visitorfound: 'True', directserver: null },
])('found without a server: the presence host itself holds the connection: %j', (answer) => {
  expect(serverOf(answer)).toBeUndefined();
});

test.for([
  '{"visitorfound":false}',
  '{"visitorfound":"False"}',
  '{"visitorfound":"false"}',
  '{"visitorfound":null}',
  '{"visitorfound":0}',
  '{"visitorfound":""}',
  '{"visitorfound":false,"directserver":"pr0016.glance.net"}',
  '{}',
  'null',
  '',
  '{"err":"visitornotpresent","msg":"gone"}',
])('not found: %s', (text) => {
  expect(serverOf(text)).toBe('absent');
});

test.for(['', 'null', '{}', '{"visitorfound":false}', '{"err":"visitornotpresent","msg":"gone"}'])(
  'not found by status 404 with %j, handed on in the documented shape',
  (text) => {
    expect(readFind(response(text, 404))).toEqual({ presence: 'absent', body: '{"visitorfound":false}' });
  },
);

test.for(['<html>404 Not Found</html>', 'gone', '{"err":"notfound","msg":"no such path"}'])(
  'a 404 that the service did not mean for the visitor says nothing of the visitor: %j',
  (text) => {
    expect(failure(() => readFind(response(text, 404))).code).toBe('invalid-answer');
  },
);

test('an answer that does not say whether the visitor was found is a failure', () => {
  expect(failure(() => serverOf({ directserver: 'pr0016.glance.net' })).code).toBe('invalid-answer');
});

test('err and msg are a failure even beside a server', () => {
  const answer = { visitorfound: true, directserver: 'pr0016.glance.net', err: 'authorization', msg: 'no' };
  expect(failure(() => serverOf(answer)).code).toBe('authorization');
});

test.for(['<html>', '[]', 'true', '{"visitorfound":tr'])('not a JSON object: %s', (text) => {
  expect(failure(() => serverOf(text)).code).toBe('invalid-answer');
});

test('a server name over two lines is kept whole, for the check of addresses to refuse', () => {
  expect(serverOf({ visitorfound: true, direct: 'evil.example\npr0016.glance.net:443' })).toEqual({
    hostname: 'evil.example\npr0016.glance.net:443',
    port: 443,
  });
});
