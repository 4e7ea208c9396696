import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DeadLetterQueue } from '../../infra/cli/redrive/dead-letters.ts';
import { type SignalPlace, signalTableOf } from '../../infra/cli/signals/place.ts';
import {
  idKeyName,
  localStage,
  signalDeadLettersName,
  signalQueueName,
  signalTableName,
} from '../../infra/names.ts';
import { writeMessage } from '../../shared/signals/queue-message.ts';
import { signal } from '../../shared/signals/signal.ts';
import { houseOf, run } from '../infra/cli/running.ts';
import { awsOf } from '../support/aws.ts';
import { at, RelayUnderTest } from '../support/relay.ts';
import { needsSample, post, signedBy } from '../support/vendor.ts';

const source = 'hmac';
let relay: RelayUnderTest;
let place: SignalPlace;
const began = Date.now();
beforeAll(async () => {
  relay = await RelayUnderTest.open();
  const stage = process.env.RELAY_STAGE ?? localStage;
  const { table, queues, secrets } = relay.addresses;
  place = {
    dynamo: new DynamoDBClient(at(table)),
    sqs: new SQSClient(at(queues)),
    secretsManager: new SecretsManagerClient(at(secrets)),
    ...{ table: signalTableName(stage), queue: signalQueueName(stage), idKey: idKeyName(stage) },
    deadLetters: signalDeadLettersName(stage),
    waitSeconds: 1,
    command: (text) => text,
  };
});
afterAll(async () => {
  await removeOwn();
  await relay[Symbol.asyncDispose]();
});

/** What cannot be delivered stays, unless somebody removes it. */
async function removeOwn(): Promise<void> {
  const queue = await DeadLetterQueue.open(place);
  for await (const letters of queue.read())
    for (const letter of letters) {
      const { content } = letter;
      const isOwn = 'parked' in content && content.parked.source === source && content.parked.at >= began;
      if (isOwn) await queue.remove(letter);
    }
  await queue.putBack();
}

/** What `npm run redrive` prints, on one line. */
async function redrive(args: readonly string[], folder?: string): Promise<string> {
  const { stdout, stderr } = await run('redrive', args, {
    input: '',
    env: awsOf(relay),
    ...(folder !== undefined && { folder }),
  });
  expect(stderr).toBe('');
  return stdout.replaceAll(/\s+/g, ' ');
}

/** The sources of the dead letters that have this reason, and what else is told of them. */
async function heap(reason: string): Promise<{ sources: object; details: object }> {
  const { reasons } = JSON.parse(await redrive(['--json', '--reason', reason, '--source', source]));
  expect(reasons).toHaveLength(1);
  return reasons[0];
}

test('a webhook that is authentic and no text is kept, with its reason', async (context) => {
  needsSample(source, context);
  const body = Buffer.concat([
    Buffer.from('{"id":"'),
    Buffer.from([0xff, 0xfe, 0x00, 0xc3]),
    Buffer.from('"}'),
  ]);
  expect((await post(signedBy(source, relay, { body }))).status).toBe(202);
  expect(await heap('unreadable')).toMatchObject({
    sources: { [`webhook:${source}`]: 1 },
    details: { 'the body is not UTF-8': 1 },
  });
});

test('an event that makes no signal is kept, and delivered once its mapping is mended', async (context) => {
  needsSample(source, context);
  const id = randomUUID();
  await using visitor = await relay.visitor(id);
  const body = Buffer.from(JSON.stringify({ id: randomUUID(), visitor_id: 'nobody at all', meant: id }));
  expect((await post(signedBy(source, relay, { body }))).status).toBe(202);
  expect(await heap('mapping-invalid')).toMatchObject({ sources: { [`webhook:${source}`]: 1 } });

  const mended = houseOf(`
import { hmac } from './shared/webhooks/hmac.ts';
export default {
  groups: { ${relay.addresses.groupid}: {} },
  webhooks: {
    ${source}: hmac({
      group: ${relay.addresses.groupid},
      signature: { header: 'x-signature', hash: 'sha256', encoding: 'hex' },
      signal: ({ body }: any) => ({ visitorid: body.meant, message: { mtype: 'signal', data: 'at last' } }),
    }),
  },
};
`);
  const said = await redrive(['--go', '--reason', 'mapping-invalid', '--source', source], mended);
  expect(said).toContain('1 dead letter went back to the queue of signals, with 1 to be delivered');
  expect(await visitor.next(20_000)).toEqual({ mtype: 'signal', data: 'at last' });
});

test('a signal that nobody came to deliver reaches its visitor', async () => {
  const id = randomUUID();
  await using visitor = await relay.visitor(id);
  const now = Date.now();
  const lost = signal.parse({
    ...{ id: randomUUID(), groupid: String(relay.addresses.groupid), visitorid: id },
    message: { mtype: 'signal', data: 'found again' },
    ...{ source: 'webhook:lost', acceptedAt: now, expiresAt: now + 600_000 },
  });
  await signalTableOf(place).accept(lost);
  const { QueueUrl } = await place.sqs.send(new GetQueueUrlCommand({ QueueName: place.deadLetters }));
  const MessageBody = writeMessage({ signals: [lost] });
  await place.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));

  expect(await redrive(['--source', 'lost'])).toContain('received-too-often 1');
  const said = await redrive(['--go', '--source', 'lost']);
  expect(said).toContain('1 dead letter went back to the queue of signals, with 1 to be delivered');
  expect(await visitor.next(20_000)).toEqual(lost.message);
  expect(await redrive(['--source', 'lost'])).toContain('0 dead letters');
});
