import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startEventSource } from '../../../../infra/local/lambda/event-source.ts';
import { startQueues } from '../../../../infra/local/queues/server.ts';
import { toyQueue } from '../queues/toy-queue.ts';
import { toyFunction } from './toy-function.ts';

interface Toys {
  fifo?: boolean;
  batchSize?: number;
  maxConcurrency?: number;
  afterReceives?: number;
}

/**
 * A queue, the function that consumes it, and what the function prints; `connect` begins. `failures` is what the event
 * source says.
 */
async function toys(
  code: string,
  { batchSize = 10, maxConcurrency = 5, fifo = true, afterReceives }: Toys = {},
) {
  const queue = await toyQueue({ fifo, ...(afterReceives !== undefined && { afterReceives }) });
  const { toy, lines } = toyFunction(code);
  const failures: string[] = [];
  const connect = () => {
    const log = (line: string) => failures.push(line);
    const source = startEventSource({ queue: queue.queue, target: toy, batchSize, maxConcurrency, log });
    onTestFinished(() => source.close());
    return source;
  };
  return { ...queue, toy, printed: lines, failures, connect };
}

const handler = (body: string) => `exports.handler = async ({ Records }) => { ${body} }`;
const prints = `for (const { body } of Records) console.log(body);`;
const nap = (ms: number) => `await new Promise((done) => setTimeout(done, ${ms}));`;

const soon = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 8000, interval: 20 });
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

test('The event is that of Lambda', async () => {
  const { queue, client, printed, connect } = await toys(
    'exports.handler = async (event) => console.log(JSON.stringify(event))',
  );
  const sent = await client.send(
    new SendMessageCommand({
      QueueUrl: queue.url,
      MessageBody: 'hello',
      MessageGroupId: 'a',
      MessageAttributes: {
        colour: { DataType: 'String', StringValue: 'red' },
        bytes: { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255) },
      },
    }),
  );
  connect();
  await soon(() => expect(printed).toHaveLength(1));
  const lists = { stringListValues: [], binaryListValues: [] };
  const milliseconds = expect.stringMatching(/^\d{13}$/);
  expect(JSON.parse(printed[0]?.slice('toy | '.length) ?? '')).toEqual({
    Records: [
      {
        messageId: sent.MessageId,
        receiptHandle: expect.stringMatching(/./),
        body: 'hello',
        attributes: {
          ApproximateReceiveCount: '1',
          SentTimestamp: milliseconds,
          SenderId: '000000000000',
          ApproximateFirstReceiveTimestamp: milliseconds,
          MessageGroupId: 'a',
          MessageDeduplicationId: createHash('sha256').update('hello').digest('hex'),
          SequenceNumber: sent.SequenceNumber,
        },
        messageAttributes: {
          colour: { stringValue: 'red', ...lists, dataType: 'String' },
          bytes: { binaryValue: 'AP8=', ...lists, dataType: 'Binary' },
        },
        md5OfBody: md5('hello'),
        md5OfMessageAttributes: sent.MD5OfMessageAttributes,
        eventSource: 'aws:sqs',
        eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:toy.fifo',
        awsRegion: 'us-east-1',
      },
    ],
  });
});

test.each([
  ['nothing', ''],
  ['an empty object', 'return {}'],
  ['no list', 'return { batchItemFailures: null }'],
  ['an empty list', 'return { batchItemFailures: [] }'],
])('A function that answers %s is done with all messages: they are deleted', async (_what, answer) => {
  const { queue, send, printed, failures, connect } = await toys(handler(`${prints} ${answer}`));
  for (const group of ['a', 'b', 'c']) await send(`to ${group}`, group);
  connect();
  await soon(async () => expect(await queue.count()).toEqual({ visible: 0, inFlight: 0, delayed: 0 }));
  // What a thread prints may come after what it has done.
  await soon(() => expect(printed).toEqual(['toy | to a', 'toy | to b', 'toy | to c']));
  expect(failures).toEqual([]);
});

test('An event holds at most as many messages as are asked for', async () => {
  const { send, printed, connect } = await toys(handler('console.log(Records.length)'), {
    batchSize: 2,
    maxConcurrency: 1,
  });
  for (const group of ['a', 'b', 'c']) await send(`to ${group}`, group);
  connect();
  await soon(() => expect(printed).toEqual(['toy | 2', 'toy | 1']));
});

test('What the function reports as failed comes back after its visibility timeout, the rest is deleted', async () => {
  const { queue, send, printed, failures, connect } = await toys(
    handler(`${prints} const isBad = ({ body, attributes }) => body === 'bad' && attributes.ApproximateReceiveCount === '1';
      return { batchItemFailures: Records.filter(isBad).map(({ messageId }) => ({ itemIdentifier: messageId })) };`),
  );
  await send('good', 'a');
  await send('bad', 'b');
  const begin = Date.now();
  connect();
  await soon(() => expect(printed).toEqual(['toy | good', 'toy | bad', 'toy | bad']));
  expect(Date.now() - begin).toBeGreaterThanOrEqual(1000);
  await soon(async () => expect(await queue.count()).toEqual({ visible: 0, inFlight: 0, delayed: 0 }));
  expect(failures).toEqual(['toy.fifo | of a batch of 2, 1 failed']);
});

test.each([
  ['throws', 'throw new RangeError("too far")', 'RangeError'],
  ['exits', 'process.exit(1)', 'Runtime.ExitError'],
  ['answers no object', 'return "done"', 'the answer is no'],
  ['answers no list', 'return { batchItemFailures: true }', 'the answer is no'],
  ['uses another key', 'return { batchItemFailures: [{ messageId: "1" }] }', 'the answer is no'],
  ['gives no id', 'return { batchItemFailures: [{ itemIdentifier: null }] }', 'the answer is no'],
  ['gives an empty id', 'return { batchItemFailures: [{ itemIdentifier: "" }] }', 'not in the batch'],
  ['names a stranger', 'return { batchItemFailures: [{ itemIdentifier: "1" }] }', 'not in the batch'],
])('When a function %s, the whole batch is kept', async (_what, failure, reason) => {
  const { queue, send, failures, connect } = await toys(handler(failure));
  await send('one', 'a');
  await send('two', 'b');
  connect();
  await soon(() => expect(failures).toHaveLength(1));
  expect(failures[0]).toMatch(/^toy\.fifo \| a batch of 2 failed: /);
  expect(failures[0]).toContain(reason);
  expect(await queue.count()).toEqual({ visible: 0, inFlight: 2, delayed: 0 });
});

test('A message that fails too often goes to the dead letters', async () => {
  const { queue, dead, send, failures, connect } = await toys(handler('throw new Error()'), {
    afterReceives: 2,
  });
  await send('bad', 'a');
  connect();
  await soon(async () => expect(await dead.count()).toEqual({ visible: 1, inFlight: 0, delayed: 0 }));
  expect(await queue.count()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  expect(failures).toHaveLength(2);
});

test('Messages of one group come one after the other, while other groups go on', async () => {
  const { send, printed, connect } = await toys(
    handler(`const [{ body }] = Records;
      console.log('begin', body); ${nap(150)} console.log('end', body);`),
    { batchSize: 1 },
  );
  await send('a1', 'a');
  await send('a2', 'a');
  await send('b1', 'b');
  connect();
  await soon(() => expect(printed).toHaveLength(6));
  const at = (line: string) => printed.indexOf(`toy | ${line}`);
  expect(at('begin a2')).toBeGreaterThan(at('end a1'));
  expect(at('begin b1')).toBeLessThan(at('end a1'));
});

test('No more events are with the function at once than are allowed', async () => {
  const { send, printed, connect } = await toys(handler(`console.log('begin'); ${nap(300)}`), {
    batchSize: 1,
    maxConcurrency: 2,
  });
  for (const group of ['a', 'b', 'c']) await send(`to ${group}`, group);
  connect();
  await soon(() => expect(printed).toHaveLength(2));
  await sleep(100);
  expect(printed).toHaveLength(2);
  await soon(() => expect(printed).toHaveLength(3));
});

test('A message that is sent while the queue is empty is handled at once', async () => {
  const { queue, printed, connect } = await toys(handler(prints));
  connect();
  await sleep(200);
  const begin = Date.now();
  await queue.send({ body: 'hello', group: 'a' });
  await soon(() => expect(printed).toEqual(['toy | hello']));
  expect(Date.now() - begin).toBeLessThan(2000);
});

test('A message whose delay has ended is handled at once', async () => {
  const { queue, client, printed, connect } = await toys(handler(prints), { fifo: false });
  connect();
  const begin = Date.now();
  const late = { QueueUrl: queue.url, MessageBody: 'later', DelaySeconds: 2 };
  await client.send(new SendMessageCommand(late));
  await soon(() => expect(printed).toEqual(['toy | later']));
  const ms = Date.now() - begin;
  expect(ms).toBeGreaterThanOrEqual(2000);
  expect(ms).toBeLessThan(3000);
});

test('Of a batch of a standard queue, what failed comes back alone, and in the end goes to the dead letters', async () => {
  const { queue, dead, printed, connect } = await toys(
    handler(`${prints} const bad = Records.filter(({ body }) => body === 'bad');
      return { batchItemFailures: bad.map(({ messageId }) => ({ itemIdentifier: messageId })) };`),
    { fifo: false, afterReceives: 2 },
  );
  for (const body of ['good', 'bad', 'good']) await queue.send({ body });
  connect();
  await soon(async () => expect(await dead.count()).toEqual({ visible: 1, inFlight: 0, delayed: 0 }));
  expect(await queue.count()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  await soon(() => expect(printed).toEqual(['good', 'bad', 'good', 'bad'].map((body) => `toy | ${body}`)));
});

test('A queue that is out of reach is polled again after a pause, until it is back', async () => {
  const { queues, printed, failures, connect } = await toys(handler(prints));
  await queues.close();
  connect();
  await sleep(1200);
  expect(failures.length).toBeGreaterThanOrEqual(2);
  expect(failures.length).toBeLessThanOrEqual(3);
  expect(failures.at(-1)).toMatch(/^toy\.fifo \| cannot be polled: .*ECONNREFUSED/);

  const again = await startQueues({ port: Number(new URL(queues.url).port) });
  onTestFinished(() => again.close());
  const settings = { name: 'toy.fifo', fifo: true, visibilitySeconds: 1, retentionSeconds: 60 };
  const queue = await again.create(settings);
  await queue.send({ body: 'hello', group: 'a' });
  await soon(() => expect(printed).toEqual(['toy | hello']));
});

test('Closing ends a poll that waits, and nothing is said of it', async () => {
  const { queues, failures, connect } = await toys(handler(prints));
  const source = connect();
  await sleep(200);
  const begin = Date.now();
  source.close();
  await queues.close();
  expect(Date.now() - begin).toBeLessThan(1000);
  await sleep(100);
  expect(failures).toEqual([]);
});

test('Closing while a batch runs does not wait for it, and nothing is said of it', async () => {
  const { queues, send, toy, printed, failures, connect } = await toys(handler(`${prints} ${nap(60_000)}`));
  await send('long', 'a');
  const source = connect();
  await soon(() => expect(printed).toEqual(['toy | long']));
  const begin = Date.now();
  source.close();
  await toy.close();
  await queues.close();
  expect(Date.now() - begin).toBeLessThan(1000);
  await sleep(100);
  expect(failures).toEqual([]);
});
