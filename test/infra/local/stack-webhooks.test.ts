import { createHmac } from 'node:crypto';
import path from 'node:path';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type LocalStack, startLocalStack } from '../../../infra/local/stack.ts';
import { webhookKeysName } from '../../../infra/names.ts';
import { defineRelay } from '../../../shared/api/config/relay.ts';
import { webhookConfig } from '../../support/bundles.ts';
import { connectVisitor } from '../../support/visitor.ts';

const quiet = { config: defineRelay({ groups: { 12345: {} } }), log: () => {} };
let stack: LocalStack;
const lines: string[] = [];
beforeAll(async () => {
  stack = await startLocalStack({ ...quiet, samples: true, log: (line) => lines.push(line) });
});
afterAll(() => stack.close());

const visitor = (visitorid: string) =>
  connectVisitor({ presenceUrl: stack.presence, groupid: 12345, visitorid });

/** The one key of a source, as the local run has put it there. */
function keyOf(source: string): string {
  const { keys } = JSON.parse(stack.secretsManager.current(webhookKeysName('local', source)) ?? '');
  return keys[0];
}

async function post(source: string, body: object, headers: Record<string, string> = {}) {
  const answer = await request(`${stack.relay}/webhooks/${source}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.statusCode, body: await answer.body.text() };
}

const headerSecret = (body: object) => post('header-secret', body, { 'x-relay-key': keyOf('header-secret') });

test('A webhook of a visitor who is there becomes a signal at once', async () => {
  await using ada = await visitor('ada');
  const begin = Date.now();
  expect(await headerSecret({ id: '1', visitor_id: 'ada' })).toEqual({ status: 202, body: '' });
  expect(await ada.next()).toEqual({ mtype: 'signal', data: { from: 'header-secret' } });
  expect(Date.now() - begin).toBeLessThan(3_000);
});

test('How a signal ends is told on the bus, and shown', async () => {
  const ended = () => lines.filter((line) => line.startsWith('bus | Signal'));
  await headerSecret({ id: 'told', visitor_id: 'tess' });
  await using tess = await visitor('tess');
  await tess.next();
  await vi.waitFor(
    () =>
      expect(ended()).toContainEqual(expect.stringMatching(/^bus \| Signal Sent {2}tess {2}[\da-f]{32}$/)),
    3_000,
  );
});

test('A signal that waits reaches its visitor within three seconds', async () => {
  expect(await headerSecret({ id: '2', visitor_id: 'late' })).toMatchObject({ status: 202 });
  await new Promise((done) => setTimeout(done, 1_500));
  const begin = Date.now();
  await using late = await visitor('late');
  expect(await late.next()).toEqual({ mtype: 'signal', data: { from: 'header-secret' } });
  expect(Date.now() - begin).toBeLessThan(3_000);
});

test('A webhook that cannot prove where it comes from is refused, as one for no source at all is', async () => {
  const body = { id: '3', visitor_id: 'ada' };
  const answers = [
    await post('header-secret', body, { 'x-relay-key': 'guessed-guessed-guessed' }),
    await post('nobody', body),
  ];
  const withoutId = answers.map(({ status, body }) => ({ status, ...JSON.parse(body), requestId: '' }));
  expect(withoutId[0]).toMatchObject({ status: 401, code: 'unauthenticated' });
  expect(withoutId[0]).toEqual(withoutId[1]);
});

test('A vendor that asks by HEAD hears that there is somebody, and other methods are told what there is', async () => {
  const url = `${stack.relay}/webhooks/intercom`;
  expect((await request(url, { method: 'HEAD' })).statusCode).toBe(200);
  expect(await request(url, { method: 'PUT' })).toMatchObject({
    statusCode: 405,
    headers: { allow: 'HEAD, POST' },
  });
});

test('A vendor that signs the address signs that of the local run', async () => {
  await using ada = await visitor('signed');
  const body = { visitor_id: 'signed' };
  const time = String(Date.now());
  const signed = `POST${stack.relay}/webhooks/hubspot${JSON.stringify(body)}${time}`;
  const signature = createHmac('sha256', keyOf('hubspot')).update(signed).digest('base64');
  const headers = { 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': time };
  expect(await post('hubspot', body, headers)).toMatchObject({ status: 202 });
  expect(await ada.next()).toMatchObject({ data: { from: 'hubspot' } });
});

test('An event that Salesforce relays through EventBridge becomes a signal', async () => {
  await using ada = await visitor('relayed');
  const { statusCode } = await request(stack.events, {
    method: 'POST',
    headers: { 'x-amz-target': 'AWSEvents.PutPartnerEvents' },
    body: JSON.stringify({
      Entries: [
        {
          Source: 'aws.partner/salesforce.com/00D5g000007XyzAEAS/0YLB00000000001OAA',
          DetailType: 'Screen_Share_Wanted__e',
          Detail: JSON.stringify({ payload: { EventUuid: 'one', Visitor_Id__c: 'relayed' } }),
        },
      ],
    }),
  });
  expect(statusCode).toBe(200);
  expect(await ada.next()).toMatchObject({ data: { from: 'salesforce-event-relay' } });
});

test('A caller can have a signal wait, and read what became of it', async () => {
  const answer = await request(`${stack.relay}/signalvisitor?groupid=12345&visitorid=later`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ttl: '60' },
    body: '{"mtype":"signal","data":1}',
  });
  expect(answer.statusCode).toBe(202);
  const { location } = answer.headers;
  await using later = await visitor('later');
  expect(await later.next()).toEqual({ mtype: 'signal', data: 1 });
  const receipt = async () => (await (await request(`${stack.relay}${location}`)).body.json()) as object;
  await expect.poll(receipt).toMatchObject({ status: 'sent' });
  const again = await request(`${stack.relay}${location}`, { method: 'DELETE' });
  expect(again.statusCode).toBe(409);
});

test('What the relay keeps of signals is in a table that the client of AWS reads', async () => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: stack.table, region: 'us-east-1', credentials });
  const describe = new DescribeTableCommand({ TableName: 'presence-relay-local-signals' });
  expect((await client.send(describe)).Table).toMatchObject({
    KeySchema: [{ AttributeName: 'pk' }, { AttributeName: 'sk' }],
    GlobalSecondaryIndexes: [{ IndexName: 'visitor' }],
  });
  client.destroy();
});

test('Another configuration, in a file of its own, has its own sources and no samples', async () => {
  const { default: config } = await import('../../support/webhook-config.ts');
  await using other = await startLocalStack({ ...quiet, config, configFile: webhookConfig });
  const at = async (source: string) => {
    const url = `${other.relay}/webhooks/${source}`;
    const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': '1', 'webhook-signature': 'v1,AA==' };
    const answer = await request(url, { method: 'POST', headers, body: '{}' });
    await answer.body.dump();
    return answer.statusCode;
  };
  expect([await at('crm'), await at('hubspot')]).toEqual([401, 401]);
  expect(other.secretsManager.current(webhookKeysName('local', 'crm'))).toContain('whsec_');
  expect(() => other.secretsManager.current(webhookKeysName('local', 'hubspot'))).toThrow("can't find");
});

test('Without sources there is no address of webhooks', async () => {
  await using other = await startLocalStack({ ...quiet, configFile: path.resolve('relay.config.ts') });
  expect((await request(`${other.relay}/webhooks/crm`, { method: 'POST' })).statusCode).toBe(404);
});
