import { GetQueueUrlCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { localPlace, signalTableOf } from '../../../infra/cli/signals/place.ts';
import { portCount } from '../../../infra/local/ports.ts';
import { startLocalStack } from '../../../infra/local/stack.ts';
import { loadRelayConfig } from '../../../infra/relay-config.ts';
import { visitorId } from '../../../shared/presence/ids.ts';
import { writeParked } from '../../../shared/signals/dead-letter.ts';
import { writeMessage } from '../../../shared/signals/queue-message.ts';
import { freePorts } from '../../support/ports.ts';
import { connectVisitor } from '../../support/visitor.ts';
import { houseOf, run } from './running.ts';
import { localStandIn, sampleVisitor, signal, standIn } from './signals/stand-in.ts';

type Relay = Awaited<ReturnType<typeof standIn>>;

/** What it prints, on one line; never a visitor, never what a message holds. */
async function told(relay: Relay, args: readonly string[] = [], options: object = {}) {
  const { stdout, stderr, code } = await run('redrive', args, {
    input: '',
    env: relay.environment,
    ...options,
  });
  expect(stdout + stderr).not.toMatch(new RegExp(`${sampleVisitor}|tell-nobody`));
  return { said: stdout.replaceAll(/\s+/g, ' '), stdout, stderr, code };
}

function put(relay: Relay, source = 'webhook:crm') {
  const body = writeMessage({ signals: [signal({ source })] });
  const detail = 'the Presence service cannot be reached';
  return relay.letters.put({ body, reason: 'unavailable', detail, source });
}

const parked = {
  body: writeParked({
    source: 'crm',
    at: Date.now(),
    requestId: 'r',
    key: 'key-1',
    event: { body: { visitor: sampleVisitor } },
  }),
  reason: 'mapping-threw',
  detail: 'TypeError: x is not a function',
  source: 'webhook:crm',
} as const;

describe('the list', () => {
  test('tells how many there are for each reason, and nothing of a person', async () => {
    const relay = await standIn();
    for (const source of ['webhook:crm', 'webhook:crm', 'caller:desk']) await put(relay, source);
    await relay.put(writeMessage({ signals: [signal()] }));
    await relay.letters.put(parked);
    const { said, stdout, stderr, code } = await told(relay);
    expect([stderr, code]).toEqual(['', 0]);
    expect(said).toContain('5 dead letters in presence-relay-prod-signals-dead-letters.');
    expect(said).toContain('unavailable 3 the Presence service could not be reached');
    expect(said).toContain('webhook:crm 2, caller:desk 1 group 12345 3');
    expect(said).toContain('3 × the Presence service cannot be reached');
    expect(said).toContain('received-too-often 1 received too often');
    expect(said).toContain('1 × TypeError: x is not a function');
    expect(said).toContain('"npm run redrive -- --dry-run"');
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(110);
    expect(await relay.left()).toBe(5);
  });

  test('is one line of JSON for scripts', async () => {
    const { relay, local } = await localStandIn();
    await put(relay);
    const { stdout } = await told(relay, ['--json', ...local]);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout)).toEqual({
      queue: 'presence-relay-local-signals-dead-letters',
      mode: 'list',
      letters: 1,
      elsewhere: 0,
      reasons: [
        {
          reason: 'unavailable',
          count: 1,
          oldest: expect.stringMatching(/^20\d\d-/),
          sources: { 'webhook:crm': 1 },
          groups: { 12345: 1 },
          details: { 'the Presence service cannot be reached': 1 },
        },
      ],
    });
  });

  test('is short where there is none', async () => {
    const { relay, local } = await localStandIn();
    const { stdout, code } = await told(relay, local);
    expect([stdout, code]).toEqual([
      '0 dead letters in presence-relay-local-signals-dead-letters.\n\nAll is well.\n',
      0,
    ]);
  });
});

test('--go maps events with the relay.config.ts that is there, and tells what went back and what stays', async () => {
  const folder = houseOf(`
import { headerSecret } from './shared/webhooks/header-secret.ts';
export default {
  groups: { 12345: {} },
  webhooks: {
    crm: headerSecret({
      group: 12345,
      header: 'x-key',
      signal: ({ body }) => ({ visitorid: body.visitor, message: { mtype: 'signal', data: 1 } }),
    }),
  },
};
`);
  const { relay, local } = await localStandIn();
  await relay.letters.put(parked);
  await put(relay);
  await relay.put('tell-nobody');
  const { said, code } = await told(relay, ['--go', ...local], { folder });
  expect(said).toContain('ok moved 2 dead letters went back to the queue of signals, with 2 to be delivered');
  expect(said).toContain('WARN stayed 1 dead letter: it is no message of the relay');
  expect(said).toMatch(/Not all is well: some stay where they are\. $/);
  expect([(await relay.taken()).length, await relay.left(), code]).toEqual([2, 1, 1]);
});

test('a signal that nobody came to deliver reaches its visitor', async () => {
  const port = await freePorts(portCount);
  const config = await loadRelayConfig();
  await using stack = await startLocalStack({ config, port, log: () => {} });
  const visitorid = visitorId.parse(sampleVisitor);
  await using grace = await connectVisitor({ presenceUrl: stack.presence, groupid: 12345, visitorid });
  const { sqs, ...place } = localPlace(port);
  const lost = signal();
  await signalTableOf({ sqs, ...place }).accept(lost);
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: place.deadLetters }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: writeMessage({ signals: [lost] }) }));
  const local = ['--local', '--port', String(port)];
  const { stdout } = await run('redrive', ['--go', ...local], { input: '' });
  expect(stdout).toContain('with 1 to be delivered');
  expect(await grace.next()).toEqual(lost.message);
});

test('--dry-run tells what would be done, and does nothing', async () => {
  const { relay, local } = await localStandIn();
  await put(relay);
  const { said, code } = await told(relay, ['--dry-run', ...local]);
  expect(said).toContain('1 dead letter would go back to the queue of signals, with 1 to be delivered');
  expect(said).toContain('Nothing was changed; --go does it.');
  expect([await relay.taken(), await relay.left(), code]).toEqual([[], 1, 0]);
});

test('a table that is not to be had is told', async () => {
  const relay = await standIn();
  await put(relay);
  const env = { ...relay.environment, AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9' };
  const { said, code } = await told(relay, ['--go'], { env });
  expect(said).toContain(
    'FAIL aws table presence-relay-prod-signals could not be read: DynamoDB did not answer',
  );
  expect([await relay.taken(), await relay.left(), code]).toEqual([[], 1, 1]);
});

test('--local is the local run, at its port', async () => {
  const { relay, port, local } = await localStandIn();
  await put(relay);
  const { said, code } = await told(relay, local, { env: {} });
  expect(said).toContain('1 dead letter in presence-relay-local-signals-dead-letters.');
  expect(said).toContain(`"npm run redrive -- --dry-run --local --port ${port}"`);
  expect(code).toBe(0);
});

test('a stage that is not deployed is told in one line', async () => {
  const relay = await standIn();
  const env = { ...relay.environment, RELAY_STAGE: 'test' };
  const { stdout, stderr, code } = await told(relay, [], { env });
  expect([stdout, code]).toEqual(['', 1]);
  expect(stderr).toMatch(
    /^queue presence-relay-test-signals-dead-letters does not exist in us-east-1; deploy .*\n$/,
  );
});

test.for([
  [['--go', '--dry-run'], '--dry-run or --go, not both'],
  [['--limit', '0'], '--limit is a whole number from 1'],
  [['--port', '4800'], '--port goes with --local'],
  [['all'], 'Unexpected argument'],
] as const)('called wrongly, %j, it says how, with exit code 2', async ([args, line]) => {
  const { stdout, stderr, code } = await run('redrive', args, { input: '' });
  expect([stdout, code]).toEqual(['', 2]);
  expect(stderr).toContain(line);
});

test('--help tells every option, the rights, and how it ends', async () => {
  const { stdout, code } = await run('redrive', ['--help'], { input: '' });
  expect(code).toBe(0);
  for (const word of [
    ...['--reason', '--source', '--limit', '--dry-run', '--go', '--local', '--port', '--json', 'RELAY_STAGE'],
    ...['sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:SendMessage'],
    ...['dynamodb:GetItem', 'dynamodb:UpdateItem', 'secretsmanager:GetSecretValue', 'Exit code 0'],
  ]) {
    expect(stdout).toContain(word);
  }
  expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120);
});
