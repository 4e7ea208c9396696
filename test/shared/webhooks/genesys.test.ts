import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { genesys } from '../../../shared/webhooks/genesys.ts';
import { webhookRequest } from '../../support/webhook.ts';

const source = genesys({ group: 12345, signal: () => null });
const key = 'the secret token of our integration';

function notification(content: object, contentType = 'application/json') {
  const body = JSON.stringify(content);
  const signature = createHmac('sha256', key).update(body).digest('base64');
  return webhookRequest({
    body,
    headers: { 'content-type': contentType, 'X-Hub-Signature-256': `sha256=${signature}` },
  });
}

const text = {
  id: 'm-1',
  type: 'Text',
  text: 'Hello',
  direction: 'Outbound',
  channel: { to: { id: 'v-1' } },
};

test('a message of an agent is authentic, and its id is the key', () => {
  const request = notification(text, 'APPLICATION/JSON');
  expect(source.authenticate(request, { keys: [key] }, 0)).toBe('authentic');
  expect(source.read(request).events).toEqual([{ key: 'm-1 Text ', type: 'Text', event: { body: text } }]);
});

test('the statuses of one message are events of their own', () => {
  const keys = ['Delivered', 'Read'].map((status) => {
    const [event] = source.read(notification({ id: 'm-1', type: 'Receipt', status })).events;
    return event?.key;
  });
  expect(new Set([...keys, 'm-1 Text ']).size).toBe(3);
});

test('without an id the body is the key for a while', () => {
  expect(source.read(notification({ type: 'Event' })).events).toMatchObject([{ keySeconds: 300 }]);
});

test('another key is none', () => {
  expect(source.authenticate(notification(text), { keys: ['another'] }, 0)).toBe('mismatch');
});
