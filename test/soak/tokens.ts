import { setTimeout as sleep } from 'node:timers/promises';
import type { RelayUnderTest } from '../support/relay.ts';

interface TokenSoak {
  readonly seconds: number;
  readonly callers: number;
  readonly revokeSeconds?: number | undefined;
  print(line: string): void;
}

/** One call in so many milliseconds, of each caller. */
const paceMs = 100;
const visitors = 100;
const reportMs = 15_000;

interface Emulator {
  readonly deliveries: number;
  readonly granted: number;
  readonly requests: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Signals and look-ups of a relay whose tokens are short-lived. True when none has failed, and none has come twice. */
export async function soakTokens(relay: RelayUnderTest, soak: TokenSoak): Promise<boolean> {
  const { seconds, callers, revokeSeconds, print } = soak;
  const { groupid } = relay.addresses;
  await relay.emulator('POST', '/visitors', { count: visitors, groupid });
  const state = async () => (await relay.emulator('GET', '')) as Emulator;
  const before = await state();
  const end = performance.now() + seconds * 1_000;
  const tally = new Tally();

  const call = async (caller: number, turn: number) => {
    const visitor = `crowd-${(caller * 31 + turn) % visitors}`;
    if (turn % 4 === 0) await tally.time('lookup', () => relay.call('lookupvisitor', relay.of(visitor)));
    else await tally.time('signal', () => relay.signal(visitor, { caller, turn }));
  };
  const caller = async (number: number) => {
    await sleep((number * paceMs) / callers);
    for (let turn = 0; performance.now() < end; turn++) {
      await Promise.all([call(number, turn), sleep(paceMs)]);
    }
  };
  const report = async () => {
    const { granted } = await state();
    print(`${tally.line()}; ${granted - before.granted} tokens granted`);
  };
  const reporting = setInterval(() => void report(), reportMs);
  const revoking =
    revokeSeconds === undefined
      ? undefined
      : setInterval(() => void relay.emulator('POST', '/revocations', { all: true }), revokeSeconds * 1_000);
  await Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
  clearInterval(reporting);
  clearInterval(revoking);

  const after = await state();
  const signals = tally.calls.get('signal') ?? 0;
  const delivered = after.deliveries - before.deliveries;
  for (const line of [
    tally.line(),
    `signals ${signals}, delivered ${delivered}`,
    `tokens granted meanwhile ${after.granted - before.granted}, the first one not among them`,
    `what Glance was asked since the run began, by status: ${JSON.stringify(after.requests)}`,
    ...tally.failures.slice(0, 20),
  ]) {
    print(line);
  }
  return tally.failures.length === 0 && delivered === signals;
}

/** How many calls there were, how long they took, and which failed. */
class Tally {
  readonly calls = new Map<string, number>();
  readonly failures: string[] = [];
  readonly #ms: number[] = [];

  async time(kind: string, call: () => Promise<{ status: number; text: string }>): Promise<void> {
    const began = performance.now();
    const { status, text } = await call().catch((error: unknown) => ({ status: 0, text: String(error) }));
    this.#ms.push(performance.now() - began);
    this.calls.set(kind, (this.calls.get(kind) ?? 0) + 1);
    if (status !== 200) this.failures.push(`${new Date().toISOString()} ${kind}: ${status} ${text}`);
  }

  line(): string {
    const sorted = this.#ms.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]?.toFixed(0) ?? '-';
    const times = `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest ${at(1)} ms`;
    return `${sorted.length} calls, ${this.failures.length} failed; ${times}`;
  }
}
