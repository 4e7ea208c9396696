import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startPresenceEmulator } from '../../../../infra/local/presence/emulator.ts';
import { freePorts } from '../../../support/ports.ts';
import { connectVisitor } from '../../../support/visitor.ts';
import { agentOf } from './agent.ts';

test('with a fixed port, the named servers take the ports behind it', async () => {
  await using first = await startPresenceEmulator({ servers: 3 });
  const port = await freePorts(4);
  await using emulator = await startPresenceEmulator({ port, servers: 3 });
  expect(first.servers).toHaveLength(3);
  expect([emulator.url, ...emulator.servers.map(({ url }) => url)]).toEqual(
    [0, 1, 2, 3].map((offset) => `http://127.0.0.1:${port + offset}`),
  );
  expect(emulator.servers.map(({ name }) => name)).toEqual(['pr0001', 'pr0002', 'pr0003']);
});

test('a taken port is named, with who wanted it, and nothing stays open', async () => {
  await using other = await startPresenceEmulator();
  const port = Number(new URL(other.url).port);
  await expect(startPresenceEmulator({ port })).rejects.toThrow(
    `Port ${port} is not to be had for presence: it is taken`,
  );
});

test('closing ends every connection at once, hanging requests among them', async () => {
  const emulator = await startPresenceEmulator();
  const ada = await connectVisitor({ presenceUrl: emulator.url, groupid: 12345, visitorid: 'ada' });
  emulator.faults.add({ endpoint: 'lookupvisitor', fault: { kind: 'hang' } });
  const hanging = agentOf(emulator).lookup('ada');
  const ended = expect(hanging).rejects.toThrow();
  await sleep(50);
  const start = performance.now();
  await emulator.close();
  await ada.closed;
  await ended;
  expect(performance.now() - start).toBeLessThan(500);
});

test('a thousand signals in parallel reach two hundred visitors, each of them once and in order', async () => {
  await using emulator = await startPresenceEmulator();
  const agent = agentOf(emulator);
  const ids = Array.from({ length: 200 }, (_, index) => `visitor-${index}`);
  const visitors = await Promise.all(
    ids.map((visitorid) => connectVisitor({ presenceUrl: emulator.url, groupid: 12345, visitorid })),
  );
  const answers = await Promise.all(
    ids.map(async (visitorid, index) => {
      const statuses: number[] = [];
      for (let data = 0; data < 5; data += 1) {
        statuses.push(
          (await agent.signal(visitorid, { mtype: 'signal', data }, visitors[index]?.server)).status,
        );
      }
      return statuses;
    }),
  );
  expect(answers.flat().every((status) => status === 200)).toBe(true);
  for (const visitor of visitors) {
    for (let data = 0; data < 5; data += 1) expect(await visitor.next()).toEqual({ mtype: 'signal', data });
  }
  expect(emulator.deliveries.total()).toBe(1_000);
  expect(visitors.map(({ received }) => received.length)).toEqual(ids.map(() => 5));
});
