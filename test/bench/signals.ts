import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Agent } from 'undici';
import { serverRules } from '../../shared/presence/address.ts';
import { PresenceClient } from '../../shared/presence/client.ts';
import { groupId, visitorId } from '../../shared/presence/ids.ts';
import { deadlineIn } from '../../shared/runtime/deadline.ts';

const inFlight = 16;
const rounds = 5;
const signalsPerRound = 3_000;
const query = 'groupid=12345&visitorid=crowd-1';
const message = { mtype: 'signal', data: { text: 'Hello' } } as const;

type Send = () => Promise<unknown>;

/** Signals per second of the Presence client, against undici alone making the same two calls, in one run. */
export async function measureSignals(): Promise<string[]> {
  const command = path.resolve(import.meta.dirname, '../../infra/local/cli/emulator.ts');
  const emulator = spawn(process.execPath, [command, '--port', '0', '--visitors', '100'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = await once(createInterface(emulator.stdout), 'line');
  const { presence, token } = JSON.parse(String(line)) as { presence: string; token: string };

  const client = new PresenceClient({
    groups: new Map([['12345', serverRules({ presence })]]),
    tokens: { get: () => Promise.resolve(token), instead: () => Promise.resolve(undefined) },
  });
  const agent = new Agent({ connections: inFlight });
  const [group, visitor] = [groupId.parse('12345'), visitorId.parse('crowd-1')];
  const contenders: [string, Send][] = [
    ['undici alone', () => bare(agent, presence, token)],
    ['client', () => client.signal(group, visitor, message, deadlineIn(10_000))],
  ];
  const rates = new Map(contenders.map(([name]) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, send] of contenders) {
      const rate = await ratePerSecond(send);
      if (round > 0) rates.get(name)?.push(rate); // the first round only warms up
    }
  }
  await Promise.all([client.close(), agent.close()]);
  emulator.kill();

  const [alone = Number.NaN, ours = Number.NaN] = Array.from(rates.values(), median);
  return [
    `signals per second, two calls each, ${inFlight} in flight, medians of ${rounds}`,
    `  undici alone   ${alone.toFixed(0)}`,
    `  client         ${ours.toFixed(0)}  ${((100 * ours) / alone).toFixed(0)} % of undici alone`,
  ];
}

async function bare(agent: Agent, presence: string, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const found = await agent.request({
    origin: presence,
    path: `/findvisitor?${query}`,
    method: 'GET',
    headers,
  });
  const { direct } = (await found.body.json()) as { direct: string };
  const sent = await agent.request({
    origin: `http://${direct}`,
    path: `/signalvisitor?${query}`,
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(message),
  });
  await sent.body.text();
}

async function ratePerSecond(send: Send): Promise<number> {
  const before = performance.now();
  let left = signalsPerRound;
  const worker = async () => {
    while (left-- > 0) await send();
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return (1_000 * signalsPerRound) / (performance.now() - before);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
