import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { slack } from '../../../shared/webhooks/slack.ts';
import { tampered } from '../../support/tampered.ts';
import { webhookRequest } from '../../support/webhook.ts';

const source = slack({ group: 12345, signal: () => null });
const formType = 'application/x-www-form-urlencoded';

/** The example of the documents. */
const example = {
  key: '8f742231b10e8888abcd99yyyzzz85a5',
  at: 1_531_420_618_000,
  request: webhookRequest({
    headers: {
      'content-type': formType,
      'X-Slack-Request-Timestamp': '1531420618',
      'X-Slack-Signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    },
    body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
  }),
};

const key = 'the signing secret of our app';
const now = Date.parse('2026-03-01T12:00:00Z');

function request(content: object | string, at = now) {
  const body = typeof content === 'string' ? content : JSON.stringify(content);
  const time = String(at / 1_000);
  const signature = createHmac('sha256', key).update(`v0:${time}:${body}`).digest('hex');
  return webhookRequest({
    body,
    headers: {
      'content-type': typeof content === 'string' ? formType : 'application/json',
      'X-Slack-Request-Timestamp': time,
      'X-Slack-Signature': `v0=${signature}`,
    },
  });
}

test('the example of the documents is authentic in its time, and stale ever since', () => {
  const keys = { keys: [example.key] };
  expect(source.authenticate(example.request, keys, example.at)).toBe('authentic');
  expect(source.authenticate(example.request, keys, now)).toBe('stale');
});

test('nothing that was changed on its way is authentic', () => {
  fc.assert(
    fc.property(tampered(example.request, 'x-slack-signature', 'x-slack-request-timestamp'), (changed) => {
      expect(source.authenticate(changed, { keys: [example.key] }, example.at)).not.toBe('authentic');
    }),
  );
});

test('a command is its fields, and its trigger is the key', () => {
  const { events } = source.read(example.request);
  expect(events).toMatchObject([
    {
      key: '398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
      type: 'slash_command',
      event: { body: { command: '/webhook-collect', text: '' } },
    },
  ]);
  expect(JSON.stringify(events)).not.toContain('xyzz0WbapA4vBCDEFasx0q6G');
});

test('an event keeps its id when it comes again with another time', () => {
  const mention = { type: 'event_callback', event_id: 'Ev1', token: 'x', event: { type: 'app_mention' } };
  const [one, other] = [now, now + 60_000].map((at) => source.read(request(mention, at)).events);
  expect(one).toMatchObject([{ key: 'Ev1', type: 'app_mention', event: { body: { event_id: 'Ev1' } } }]);
  expect(one).toEqual(other);
});

test('what people do with buttons is JSON in a form', () => {
  const payload = { type: 'block_actions', trigger_id: '1.2.3', token: 'x', actions: [{ value: 'v-1' }] };
  const given = request(new URLSearchParams({ payload: JSON.stringify(payload) }).toString());
  expect(source.authenticate(given, { keys: [key] }, now)).toBe('authentic');
  expect(source.read(given).events).toEqual([
    {
      key: '1.2.3',
      type: 'block_actions',
      event: { body: { type: 'block_actions', trigger_id: '1.2.3', actions: [{ value: 'v-1' }] } },
    },
  ]);
});

test('the challenge of a new address is answered, and is no event', () => {
  const given = request({ token: 'x', type: 'url_verification', challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY' });
  expect(source.authenticate(given, { keys: [key] }, now)).toBe('authentic');
  expect(source.read(given)).toEqual({
    events: [],
    reply: {
      status: 200,
      headers: { 'content-type': 'text/plain' },
      body: '3eZbrw1aBm2rZgRNFdxV2595E9CY',
    },
  });
});

test('nothing else that has a challenge in it is answered with it', () => {
  expect(source.read(request({ type: 'event_callback', challenge: 'x' })).reply).toBeUndefined();
});

test('what has no id counts for as long as it could come again', () => {
  expect(source.read(request({ type: 'block_suggestion' })).events).toMatchObject([
    { key: expect.any(String), keySeconds: 600 },
  ]);
});

test('Slack hears 200 and not a word, which it would show to people', () => {
  expect(source.answers).toMatchObject({ accepted: { status: 200 }, unreadable: { status: 200 } });
  expect(source.answers.accepted).not.toHaveProperty('body');
});
