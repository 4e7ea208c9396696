import { sign } from '@octokit/webhooks-methods';
import { expect, test } from 'vitest';
import { atlassian } from '../../../shared/webhooks/atlassian.ts';
import { webhookRequest } from '../../support/webhook.ts';

const source = atlassian({ group: 12345, signal: () => null });
const key = 'the secret of our webhook';

async function request(body: string, headers: Readonly<Record<string, string>> = {}) {
  const signature = await sign(key, body);
  return webhookRequest({ body, headers: { 'X-Hub-Signature': signature, ...headers } });
}

test('a signature under the older name of the header is authentic', async () => {
  expect(source.authenticate(await request('Hello, World!'), { keys: [key] }, 0)).toBe('authentic');
  expect(source.authenticate(await request('Hello, World!'), { keys: ['another'] }, 0)).toBe('mismatch');
});

test("GitHub's header is not looked at", async () => {
  const signature = await sign(key, '{}');
  const given = webhookRequest({ body: '{}', headers: { 'X-Hub-Signature-256': signature } });
  expect(source.authenticate(given, { keys: [key] }, 0)).toBe('missing');
});

test('the SHA-1 of other vendors under this name is refused', async () => {
  const given = await request('{}', { 'X-Hub-Signature': `sha1=${'0'.repeat(40)}` });
  expect(source.authenticate(given, { keys: [key] }, 0)).toBe('malformed');
});

test('Jira names the event in the body, Bitbucket in a header', async () => {
  const jira = await request('{"webhookEvent":"jira:issue_updated","timestamp":1700000000000}');
  expect(source.read(jira).events).toMatchObject([
    { type: 'jira:issue_updated', event: { unsignedType: undefined } },
  ]);
  const bitbucket = await request('{"push":{}}', { 'X-Event-Key': 'repo:push' });
  expect(source.read(bitbucket).events).toMatchObject([
    { type: 'repo:push', event: { unsignedType: 'repo:push', body: { push: {} } } },
  ]);
});

test('what comes again within the half hour that Jira takes is the same event', async () => {
  const again = ['1', '2'].map((id) => request('{"timestamp":1}', { 'X-Atlassian-Webhook-Identifier': id }));
  const [one, other] = (await Promise.all(again)).map((given) => source.read(given).events[0]);
  expect(one).toEqual(other);
  expect(one?.keySeconds).toBeGreaterThan(30 * 60);
});
