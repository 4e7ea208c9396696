import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { request } from 'undici';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startEvents } from '../../../../infra/local/events/server.ts';
import { EventBus } from '../../../../shared/runtime/bus.ts';

const source = 'aws.partner/salesforce.com/00D/channel';

/** EventBridge; `arrived` is what its target has got, `lines` what it says. Gone after the test. */
async function toyBus({ target = (_: object) => Promise.resolve(), served = true } = {}) {
  const arrived: object[] = [];
  const lines: string[] = [];
  const events = await startEvents({ port: 0, bus: 'presence-relay-local', log: (line) => lines.push(line) });
  onTestFinished(() => events.close());
  const serve = () =>
    events.serve({
      sources: [source],
      target: (event) => {
        arrived.push(event);
        return target(event);
      },
    });
  if (served) serve();
  const put = (Entries: unknown, operation = 'PutPartnerEvents', headers = {}) => {
    const target = { 'x-amz-target': `AWSEvents.${operation}`, 'content-type': 'application/x-amz-json-1.1' };
    const body = JSON.stringify({ Entries });
    return request(events.url, { method: 'POST', headers: { ...target, ...headers }, body });
  };
  return { events, serve, arrived, lines, put };
}

/** What the relay itself puts on its bus. */
const told = {
  Source: 'presence-relay',
  EventBusName: 'presence-relay-local',
  DetailType: 'Signal Sent',
  Detail: JSON.stringify({ id: 'b0b-sent', signal: 'b0b', visitorid: 'ada' }),
};
const entry = { Source: source, DetailType: 'Order_Shipped__e', Detail: '{"payload":{"Id":"1"}}' };
/** In UTF-8, each character takes three bytes. */
const large = { ...told, Detail: JSON.stringify({ text: '€'.repeat(44_000) }) };

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
  await vi.waitFor(() =>
    expect(lines).toEqual(['events | no source of webhooks has the event source aws.partner/other']),
  );
});

test('An event that could not be kept anywhere is told', async () => {
  const { put, lines } = await toyBus({ target: () => Promise.reject(new Error('no queue')) });
  await put([entry]);
  await vi.waitFor(() => expect(lines).toEqual(['events | an event was lost: Error: no queue']));
});

test.each([
  ['no entries', []],
  ['eleven entries', Array.from({ length: 11 }, () => entry)],
  ['no list', 'one'],
  ['an entry without a source', [{ ...entry, Source: '' }]],
  ['a time that is none', [{ ...entry, Time: 1e300 }]],
  ['more than 256 KB in all', [large, large]],
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

test.each([
  ['Signal Sent', { visitorid: 'ada', signal: 'b0b' }, 'Signal Sent  ada  b0b'],
  [
    'Visitor Arrived',
    { visitorid: 'ada', snapshot: '2026-11-22T12:05:00Z', previous: '2026-11-22T12:00:00Z', visitor: {} },
    'Visitor Arrived  ada  2026-11-22T12:05:00Z',
  ],
  [
    'Visitors Changed',
    { snapshot: '2026-11-22T12:05:00Z', visitors: 9_000, arrivals: 1_200, departures: 3 },
    'Visitors Changed  1200 arrived, 3 left  2026-11-22T12:05:00Z',
  ],
  ['Visitor Left', { visitorid: '\u001b[31mada\n' }, 'Visitor Left  ?[31mada?'],
])('%s is shown in a line, and goes to nobody', async (DetailType, detail, line) => {
  const { put, arrived, lines } = await toyBus();
  const { statusCode } = await put([{ ...told, DetailType, Detail: JSON.stringify(detail) }], 'PutEvents');
  expect(statusCode).toBe(200);
  expect(lines).toEqual([`bus | ${line}`]);
  expect(arrived).toEqual([]);
});

test('The bus may be named by its ARN', async () => {
  const { put, lines } = await toyBus();
  const EventBusName = 'arn:aws:events:us-east-1:000000000000:event-bus/presence-relay-local';
  await put([{ ...told, EventBusName }], 'PutEvents');
  expect(lines).toEqual(['bus | Signal Sent  ada  b0b']);
});

test('An event for a bus that is not there is taken and lost, as on AWS, and that is said', async () => {
  const { put, lines, arrived } = await toyBus();
  const { body } = await put([{ ...told, EventBusName: 'presence-relay-prod' }], 'PutEvents');
  expect(await body.json()).toMatchObject({ FailedEntryCount: 0, Entries: [{ EventId: expect.anything() }] });
  await vi.waitFor(() => expect(lines).toEqual(['events | no bus has the name presence-relay-prod']));
  expect(arrived).toEqual([]);
});

test('What comes before somebody serves is kept until then', async () => {
  const { put, serve, lines, arrived } = await toyBus({ served: false });
  expect((await put([entry])).statusCode).toBe(200);
  await put([told], 'PutEvents');
  expect([lines, arrived]).toEqual([['bus | Signal Sent  ada  b0b'], []]);
  serve();
  await vi.waitFor(() => expect(arrived).toHaveLength(1));
});

test('The relay puts its events there with the client of AWS', async () => {
  const { events, lines } = await toyBus();
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new EventBridgeClient({ endpoint: events.url, region: 'local', credentials });
  onTestFinished(() => client.destroy());
  const bus = new EventBus({ bus: told.EventBusName, open: () => ({ client, PutEventsCommand }) });
  const event = {
    type: 'Signal Sent',
    time: Date.now(),
    detail: { id: 'x-sent', signal: 'x', visitorid: 'bob' },
  };
  expect(await bus.put([event], { remaining: () => 5_000 })).toEqual({ sent: 1, unsent: 0 });
  expect(lines).toEqual(['bus | Signal Sent  bob  x']);
});
