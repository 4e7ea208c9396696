import { randomUUID } from 'node:crypto';
import {
  DeleteRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { busName, stageName } from '../../infra/names.ts';
import { signalvisitor } from '../../shared/api/endpoints.ts';
import { takeSnapshot } from '../support/deployed-snapshots.ts';
import { RelayUnderTest } from '../support/relay.ts';

const EventBusName = busName(stageName());

/** A queue of the company, with a rule that gives it all that the relay tells: as docs/events.md makes them. */
async function listen() {
  const [sqs, events] = [new SQSClient({}), new EventBridgeClient({})];
  const name = `relay-test-${randomUUID().slice(0, 8)}`;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const asked = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const Arn = asked.Attributes?.QueueArn ?? '';
  const EventPattern = JSON.stringify({ source: ['presence-relay'] });
  const { RuleArn = '' } = await events.send(new PutRuleCommand({ EventBusName, Name: name, EventPattern }));
  const Policy = policyOf(Arn, RuleArn);
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  await events.send(new PutTargetsCommand({ EventBusName, Rule: name, Targets: [{ Id: 'queue', Arn }] }));
  const heard: Heard[] = [];
  return {
    /** The first event of that type and visitor; rejects when none comes in time. */
    async of(type: string, visitorid: string): Promise<Heard> {
      const isIt = (one: Heard) => one['detail-type'] === type && one.detail.visitorid === visitorid;
      const until = Date.now() + 30_000;
      while (!heard.some(isIt) && Date.now() < until) {
        const query = { QueueUrl, WaitTimeSeconds: 1, MaxNumberOfMessages: 10 };
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(query));
        heard.push(...Messages.map(({ Body = '' }): Heard => JSON.parse(Body)));
      }
      const found = heard.find(isIt);
      if (!found) throw new Error(`no ${type} came`);
      return found;
    },
    async [Symbol.asyncDispose]() {
      await events.send(new RemoveTargetsCommand({ EventBusName, Rule: name, Ids: ['queue'] }));
      await events.send(new DeleteRuleCommand({ EventBusName, Name: name }));
      await sqs.send(new DeleteQueueCommand({ QueueUrl }));
      sqs.destroy();
      events.destroy();
    },
  };
}

interface Heard {
  readonly 'detail-type': string;
  readonly source: string;
  readonly time: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

function policyOf(queue: string, rule: string): string {
  const statement = {
    ...{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:SendMessage' },
    ...{ Resource: queue, Condition: { ArnEquals: { 'aws:SourceArn': rule } } },
  };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

test('a rule of the company hears how signals end, and who comes', async () => {
  await using relay = await RelayUnderTest.open();
  await using rule = await listen();
  // Who comes is found by comparison.
  await takeSnapshot(relay);
  const id = randomUUID();
  await using visitor = await relay.visitor(id);
  const headers = { 'content-type': 'application/json', TTL: '60' };
  const target = `signalvisitor?${new URLSearchParams(relay.of(id))}`;
  const body = JSON.stringify({ mtype: 'signal', data: 'nobody else hears that' });
  const answer = await relay.request(target, { method: 'POST', headers, body });
  const signal = signalvisitor.answers[202].schema.parse(answer.json).id;
  await visitor.next(20_000);

  const sent = await rule.of('Signal Sent', id);
  expect(sent).toMatchObject({
    source: 'presence-relay',
    detail: {
      id: expect.stringMatching(new RegExp(`^${signal}-sent-\\d{13}$`)),
      signal,
      groupid: String(relay.addresses.groupid),
      visitorid: id,
      source: expect.stringMatching(/^caller:/),
      mtype: 'signal',
      outcome: 'sent',
      acceptedAt: isoTime,
      endedAt: isoTime,
    },
  });
  expect(JSON.stringify(sent)).not.toContain('nobody else');

  await takeSnapshot(relay);
  const { detail, ...arrived } = await rule.of('Visitor Arrived', id);
  expect(arrived).toMatchObject({ source: 'presence-relay', time: detail.snapshot });
  const of = { groupid: String(relay.addresses.groupid), visitorid: id, visitor: { visitorid: id } };
  expect(detail).toMatchObject({ ...of, missed: expect.any(Number) });
});
