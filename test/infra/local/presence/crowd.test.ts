import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PresenceEmulator, startPresenceEmulator } from '../../../../infra/local/presence/emulator.ts';
import { connectVisitor } from '../../../support/visitor.ts';
import { agentOf } from './agent.ts';

let emulator: PresenceEmulator;
let agent: ReturnType<typeof agentOf>;

beforeAll(async () => {
  emulator = await startPresenceEmulator();
  agent = agentOf(emulator);
  emulator.crowd(1_000);
});
afterAll(() => emulator.close());

const query = async (more = '') => (await agent.get(`/query?groupid=12345${more}`)).json();

test('everybody in a crowd is in the query, as they are in the look-up', async () => {
  const { visitors } = (await query()) as { visitors: { visitorid: string }[] };
  expect(visitors).toHaveLength(1_000);
  expect(new Set(visitors.map(({ visitorid }) => visitorid)).size).toBe(1_000);
  expect(visitors[999]).toEqual(await (await agent.lookup('crowd-999')).json());
  expect(visitors[999]).toMatchObject({
    url: expect.stringContaining('https://'),
    browser: expect.any(String),
  });
});

test.for(['crowd-1000', 'crowd-01', 'crowd--1', 'crowd-'])(
  '%s is not in a crowd of 1,000',
  async (visitorid) => {
    expect(await (await agent.lookup(visitorid)).json()).toEqual({});
  },
);

test('a signal to one of a crowd counts as delivered', async () => {
  expect((await agent.signal('crowd-3', { mtype: 'signal', data: 1 })).status).toBe(200);
  expect(emulator.deliveries.count(12345, 'crowd-3')).toBe(1);
  expect(emulator.deliveries.last('crowd-3')).toMatchObject([{ message: { mtype: 'signal', data: 1 } }]);
});

test('a visitor who connects under the name of one of them takes its place', async () => {
  const options = { presenceUrl: emulator.url, groupid: 12345, visitorid: 'crowd-5', data: { real: 'yes' } };
  await using _visitor = await connectVisitor(options);
  const { visitors } = (await query()) as { visitors: { visitorid: string }[] };
  expect(visitors.filter(({ visitorid }) => visitorid === 'crowd-5')).toMatchObject([{ real: 'yes' }]);
});

test('the query can ask for one visitor', async () => {
  expect(await query('&visitorid=crowd-7')).toMatchObject({ visitors: [{ visitorid: 'crowd-7' }] });
  expect(await query('&visitorid=nobody')).toEqual({ visitors: [] });
});

test('the query comes in three shapes', async () => {
  emulator.switch({ query: 'array' });
  expect(await query('&visitorid=crowd-7')).toMatchObject([{ visitorid: 'crowd-7' }]);
  emulator.switch({ query: 'object' });
  expect(await query('&visitorid=crowd-7')).toMatchObject({ 'crowd-7': { visitorid: 'crowd-7' } });
  expect(await query('&visitorid=nobody')).toEqual({});
  emulator.switch({ query: 'visitors' });
});

test('a query of 200,000 visitors is no faster than its reader and holds next to nothing', async () => {
  emulator.crowd(200_000);
  const before = process.memoryUsage();
  const response = await agent.get('/query?groupid=12345');
  const reader = response.body?.getReader();
  await reader?.read();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const { rss } = process.memoryUsage();
  expect(rss - before.rss).toBeLessThan(60_000_000);
  await reader?.cancel();
});
