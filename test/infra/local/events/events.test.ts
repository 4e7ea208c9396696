import { request } from 'undici';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startEvents } from '../../../../infra/local/events/server.ts';

const source = 'aws.partner/salesforce.com/00D/channel';

/** An event bus; `arrived` is what its target has got, `lines` what it says. Gone after the test. */
async function toyBus(target: (event: object) => Promise<void> = () => Promise.resolve()) {
  const arrived: object[] = [];
  const lines: string[] = [];
  const events = await startEvents({
    port: 0,
    sources: [source],
    target: (event) => {
      arrived.push(event);
      return target(event);
    },
    log: (line) => lines.push(line),
  });
  onTestFinished(() => events.close());
  const put = (Entries: unknown, operation = 'PutPartnerEvents', headers = {}) => {
    const target = { 'x-amz-target': `AWSEvents.${operation}`, 'content-type': 'application/x-amz-json-1.1' };
    const body = JSON.stringify({ Entries });
    return request(events.url, { method: 'POST', headers: { ...target, ...headers }, body });
  };
  return { events, arrived, lines, put };
}

const entry = { Source: source, DetailType: 'Order_Shipped__e', Detail: '{"payload":{"Id":"1"}}' };

test.each(['PutPartnerEvents', 'PutEvents'])(
  'What %s brings reaches the target as EventBridge tells it',
  async (operation) => {
    const { put, arrived } = await toyBus();
    const { statusCode, body } = await put(
      [{ ...entry, Time: 1_700_000_000.5, Resources: ['r'] }],
      operation,
    );
    const id = expect.stringMatching(/^[\da-f-]{36}$/);
    expect([statusCode, await body.json()]).toEqual([
      200,
      { FailedEntryCount: 0, Entries: [{ EventId: id }] },
    ]);
    expect(arrived).toEqual([
      {
        version: '0',
        id,
        'detail-type': 'Order_Shipped__e',
        source,
        account: '000000000000',
        time: '2023-11-14T22:13:20Z',
        region: 'us-east-1',
        resources: ['r'],
        detail: { payload: { Id: '1' } },
      },
    ]);
  },
);

test('Of several entries, the sound ones are taken and the others are told apart', async () => {
  const { put, arrived } = await toyBus();
  const { body } = await put([{ ...entry, Detail: '[1]' }, entry, { ...entry, Detail: '{' }]);
  expect(await body.json()).toMatchObject({
    FailedEntryCount: 2,
    Entries: [
      { ErrorCode: 'MalformedDetail' },
      { EventId: expect.anything() },
      { ErrorCode: 'MalformedDetail' },
    ],
  });
  expect(arrived).toHaveLength(1);
});

test('An event of a source that nobody has configured goes nowhere, and that is said', async () => {
  const { put, arrived, lines } = await toyBus();
  const { statusCode } = await put([{ ...entry, Source: 'aws.partner/other' }]);
  expect([statusCode, arrived]).toEqual([200, []]);
  expect(lines).toEqual(['events | no source of webhooks has the event source aws.partner/other']);
});

test('An event that could not be kept anywhere is told', async () => {
  const { put, lines } = await toyBus(() => Promise.reject(new Error('no queue')));
  await put([entry]);
  await vi.waitFor(() => expect(lines).toEqual(['events | an event was lost: Error: no queue']));
});

test.each([
  ['no entries', []],
  ['eleven entries', Array.from({ length: 11 }, () => entry)],
  ['no list', 'one'],
  ['an entry without a source', [{ ...entry, Source: '' }]],
  ['a time that is none', [{ ...entry, Time: 1e300 }]],
])('%s: refused, and nothing is taken', async (_what, entries) => {
  const { put, arrived } = await toyBus();
  const { statusCode, body } = await put(entries);
  expect([statusCode, await body.json()]).toMatchObject([400, { __type: 'ValidationException' }]);
  expect(arrived).toEqual([]);
});

test('Only loopback names reach it, and only to put events', async () => {
  const { put, arrived } = await toyBus();
  const answers = [
    await put([entry], 'PutPartnerEvents', { host: 'rebound.example' }),
    await put([entry], 'PutRule'),
  ];
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([400, 400]);
  expect(arrived).toEqual([]);
});
