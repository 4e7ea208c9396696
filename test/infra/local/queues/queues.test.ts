import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { request } from 'undici';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startQueues } from '../../../../infra/local/queues/server.ts';
import { toyClient, toyQueue } from './toy-queue.ts';

test('The client as it comes finds the queue by AWS_ENDPOINT_URL_SQS and the queue URL', async () => {
  const { queues, queue } = await toyQueue();
  vi.stubEnv('AWS_ENDPOINT_URL_SQS', queues.url);
  onTestFinished(() => void vi.unstubAllEnvs());
  const client = toyClient();
  const QueueUrl = queue.url;
  const sent = await client.send(
    new SendMessageCommand({ QueueUrl, MessageBody: 'hello', MessageGroupId: 'a' }),
  );
  const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl }));
  expect(Messages).toMatchObject([{ MessageId: sent.MessageId, Body: 'hello' }]);
  const ReceiptHandle = Messages[0]?.ReceiptHandle;
  await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  expect(await queue.count()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
});

test('A queue has an address without any host name, and everybody is told the same', async () => {
  const { queues, queue, dead, client } = await toyQueue();
  expect(queue.url).toBe(`${queues.url}/000000000000/toy.fifo`);
  expect(queue.arn).toBe('arn:aws:sqs:us-east-1:000000000000:toy.fifo');
  expect(await client.send(new GetQueueUrlCommand({ QueueName: 'toy.fifo' }))).toMatchObject({
    QueueUrl: queue.url,
  });
  expect(await client.send(new ListQueuesCommand())).toMatchObject({ QueueUrls: [dead.url, queue.url] });
});

test('A queue has the attributes that it was created with', async () => {
  const { queue, dead, client } = await toyQueue({ afterReceives: 3 });
  const all = new GetQueueAttributesCommand({ QueueUrl: queue.url, AttributeNames: ['All'] });
  expect((await client.send(all)).Attributes).toMatchObject({
    QueueArn: queue.arn,
    FifoQueue: 'true',
    ContentBasedDeduplication: 'true',
    VisibilityTimeout: '1',
    MessageRetentionPeriod: '3600',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 3 }),
  });
});

test('Of messages with the same deduplication id, or else the same body, only the first is taken', async () => {
  const { queue, send, receive } = await toyQueue();
  await send('one', 'a', 'same');
  await send('two', 'b', 'same');
  await send('three', 'c');
  await send('three', 'd');
  await queue.send({ body: 'three', group: 'e' });
  expect(await receive()).toEqual(['one', 'three']);
});

test('While a message is under way, its group waits and the others go on', async () => {
  const { queue, send, receive } = await toyQueue();
  await send('a1', 'a');
  await send('a2', 'a');
  await send('b1', 'b');
  expect(await receive()).toEqual(['a1', 'b1']);
  expect(await receive()).toEqual([]);
  expect(await queue.count()).toEqual({ visible: 1, inFlight: 2, delayed: 0 });
});

test('In a standard queue no message waits for another, and equal ones are different messages', async () => {
  const { queue, receive } = await toyQueue({ fifo: false });
  for (const body of ['one', 'two', 'two']) await queue.send({ body });
  expect(await receive()).toEqual(['one', 'two', 'two']);
  expect(await queue.count()).toEqual({ visible: 0, inFlight: 3, delayed: 0 });
});

test('A message with a delay comes when it is over, to a poll that waits at once', async () => {
  const { queue, client, receive } = await toyQueue({ fifo: false });
  const late = { QueueUrl: queue.url, MessageBody: 'later', DelaySeconds: 1 };
  const begin = Date.now();
  await client.send(new SendMessageCommand(late));
  expect(await receive()).toEqual([]);
  expect(await queue.count()).toEqual({ visible: 0, inFlight: 0, delayed: 1 });
  expect(await receive(20)).toEqual(['later']);
  const ms = Date.now() - begin;
  expect(ms).toBeGreaterThanOrEqual(1000);
  expect(ms).toBeLessThan(2000);
});

test('Messages come as they were sent, whatever characters they hold, with their attributes', async () => {
  const { queue, client } = await toyQueue({ fifo: false });
  const QueueUrl = queue.url;
  const MessageBody = '\u{1f44b} Zoë \u{10ffff}\t\n';
  const MessageAttributes = { reason: { DataType: 'String', StringValue: 'unreadable' } };
  const send = new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes });
  await client.send(send);
  await client.send(
    new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: '1', MessageBody: '\u{1f44b}' }] }),
  );
  const receive = new ReceiveMessageCommand({
    QueueUrl,
    MaxNumberOfMessages: 10,
    MessageAttributeNames: ['All'],
  });
  const { Messages } = await client.send(receive);
  expect(Messages).toMatchObject([{ Body: MessageBody, MessageAttributes }, { Body: '\u{1f44b}' }]);
});

test.each(['\u0000', '\u001b', '\ufffe'])('A message with %j is refused, as SQS does', async (character) => {
  const { queue } = await toyQueue({ fifo: false });
  await expect(queue.send({ body: `a${character}` })).rejects.toThrow('InvalidMessageContents');
});

test('A poll that waits is answered as soon as there is a message', async () => {
  const { send, receive } = await toyQueue();
  const begin = Date.now();
  const [received] = await Promise.all([receive(20), send('hello', 'a')]);
  expect(received).toEqual(['hello']);
  expect(Date.now() - begin).toBeLessThan(5000);
});

test('A message comes back first in its group, then goes to the dead letters', async () => {
  const { dead, send, receive } = await toyQueue({ afterReceives: 2 });
  await send('a1', 'a');
  await send('a2', 'a');
  expect(await receive(5)).toEqual(['a1']);
  expect(await receive(5)).toEqual(['a1']);
  expect(await receive(5)).toEqual(['a2']);
  expect(await dead.count()).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
});

test('A queue whose dead-letter queue is not there is refused', async () => {
  const { queues } = await toyQueue();
  const settings = { name: 'other.fifo', fifo: true, visibilitySeconds: 1, retentionSeconds: 60 };
  const other = queues.create({ ...settings, deadLetters: { name: 'nowhere.fifo', afterReceives: 1 } });
  await expect(other).rejects.toThrow('QueueDoesNotExist');
});

test('A port that is taken is told', async () => {
  const { queues } = await toyQueue();
  const { port } = new URL(queues.url);
  const second = startQueues({ port: Number(port) });
  await expect(second).rejects.toThrow(`Port ${port} is not to be had for SQS: it is taken`);
});

test('Nothing listens on any other address than 127.0.0.1', async () => {
  const { queues } = await toyQueue();
  const socket = connect(Number(new URL(queues.url).port), '127.0.0.2');
  await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

const listQueues = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.ListQueues' };

test.each([
  ['a host of the internet', 'POST', '/', { ...listQueues, host: 'rebound.example' }],
  ['S3', 'PUT', '/bucket', {}],
  ['SNS', 'POST', '/', { 'content-type': 'application/x-www-form-urlencoded' }],
  ["the engine's own pages", 'GET', '/_fauxqs/queues', {}],
])('A request for %s is refused', async (_what, method, path, headers) => {
  const { queues } = await toyQueue();
  const { statusCode, body } = await request(queues.url + path, { method, headers, body: null });
  expect(statusCode).toBe(400);
  expect(await body.text()).not.toContain('toy');
});

test('Closing ends polls that wait', async () => {
  const { queues, client, queue } = await toyQueue();
  const poll = client.send(new ReceiveMessageCommand({ QueueUrl: queue.url, WaitTimeSeconds: 20 }));
  const ended = expect(poll).rejects.toThrow();
  await sleep(100);
  const begin = Date.now();
  await queues.close();
  await ended;
  expect(Date.now() - begin).toBeLessThan(2000);
});
