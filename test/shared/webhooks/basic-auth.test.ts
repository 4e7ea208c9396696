import { expect, test } from 'vitest';
import { basicAuth } from '../../../shared/webhooks/basic-auth.ts';
import { textAt } from '../../../shared/webhooks/text-at.ts';
import { webhookRequest } from '../../support/webhook.ts';

const key = 'servicenow:correct:horse battery';
const source = basicAuth({
  group: 12345,
  signal: () => null,
  id: (body) => textAt(body, 'correlation_id'),
  type: () => 'incident',
});

function request(credentials: string, body: object = {}) {
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  return webhookRequest({ headers: { authorization }, body });
}

test('user and password let in, with colons in the password as well', () => {
  expect(source.authenticate(request(key), { keys: ['other:password', key] }, 0)).toBe('authentic');
});

test('another user, another password, another scheme and nothing at all do not', () => {
  const verdict = (given: ReturnType<typeof webhookRequest>) =>
    source.authenticate(given, { keys: [key] }, 0);
  expect(verdict(request('servicenow:wrong'))).toBe('mismatch');
  expect(verdict(request('Servicenow:correct:horse battery'))).toBe('mismatch');
  expect(verdict(webhookRequest({ headers: { authorization: `Bearer ${key}` } }))).toBe('malformed');
  expect(verdict(webhookRequest({}))).toBe('missing');
});

test('the body names its event', () => {
  const body = { correlation_id: 'c-1', u_visitor_id: 'v-1' };
  expect(source.read(request(key, body)).events).toEqual([{ key: 'c-1', type: 'incident', event: { body } }]);
});

test('it says that there is no replay protection', () => {
  expect(source).toMatchObject({
    kind: 'basic-auth',
    hasReplayProtection: false,
    signsUrl: false,
    flaws: [],
  });
});
