import { setTimeout as sleep } from 'node:timers/promises';
import { writeMessage } from '../../shared/signals/queue-message.ts';
import type { Signal } from '../../shared/signals/signal.ts';
import { type Account, accountOf } from './kills/account.ts';
import { anyFault } from './kills/faults.ts';
import { type KillPlace, openKillPlace } from './kills/place.ts';
import { type PlannedVisitor, planOf, sentNow } from './kills/plan.ts';
import { recordsOf, settled } from './kills/settle.ts';
import { Visitors } from './kills/visitors.ts';

interface KillSoak {
  readonly signals: number;
  /** In which all of them are sent. */
  readonly spanSeconds: number;
  /** Those who come later do so within so many seconds of their signals. */
  readonly laterSeconds: number;
  /** A worker is killed so often, about, until the last visitor has come. */
  readonly killMs: number;
  readonly workers: number;
  /** How long the function may run, if not as it does. */
  readonly deliverSeconds?: number;
  /** What has not ended so long after the last visitor has come is lost. */
  readonly patienceSeconds: number;
  print(line: string): void;
}

export interface KillFigures extends Account {
  readonly kills: number;
  readonly faults: number;
}

/** So many of the signals meet a fault of the Presence service. */
const faultShare = 0.2;

/**
 * Signals to visitors who are there, who come later, and who never come, while the Presence service fails and workers
 * are ended in the middle of their work: what became of each.
 */
export async function soakKills(soak: KillSoak): Promise<KillFigures> {
  const { print, workers: count, deliverSeconds: seconds, killMs } = soak;
  const began = performance.now();
  const log = (line: string) => /Uncaught|cannot be polled/.test(line) && print(line);
  await using place = await openKillPlace({ seconds, workers: count, log });
  await using visitors = new Visitors(place.emulator.url);
  const [spanMs, laterMs] = [soak.spanSeconds * 1_000, soak.laterSeconds * 1_000];
  const plan = planOf({ signals: soak.signals, spanMs, laterMs, random: Math.random });
  for (const { kind, visitorid } of plan) if (kind === 'present') await visitors.come(visitorid);
  print(`${soak.signals} signals to ${plan.length} visitors, a worker is killed every ${killMs} ms`);

  const quiet = new AbortController();
  const killing = place.workers.killEvery(killMs, Math.random, quiet.signal);
  const sending = plan.map((visitor) => live(visitor, place, visitors));
  const sent = await Promise.all(sending);
  quiet.abort();
  await killing;
  print(`everybody has come who will; ${place.workers.kills} workers were killed`);

  const returned = await settled(place, soak.patienceSeconds);
  // For what is on its way to a page.
  await sleep(500);
  const signals = sent.flatMap(({ signals }) => signals);
  const arrivals = visitors.arrivals();
  const account = accountOf(signals, await recordsOf(place, signals), (id) => arrivals.get(id) ?? 0);
  const faults = sent.reduce((sum, { faults }) => sum + faults, 0) - place.emulator.faults.list().length;
  const { kills } = place.workers;
  const more = {
    doubles: account.doubles,
    lost: account.lost,
    'workers killed': kills,
    'faults met': faults,
    'messages given back': returned,
    seconds: Math.round((performance.now() - began) / 1_000),
  };
  for (const [what, number] of [...[...account.counts].toSorted(), ...Object.entries(more)])
    print(`${String(number).padStart(7)}  ${what}`);
  for (const line of account.wrong.slice(0, 20)) print(line);
  return { ...account, kills, faults };
}

/** A visitor's signals are sent when it is their time, and the visitor comes when it does. */
async function live(
  { visitorid, kind, signals: planned, sendMs, comesMs }: PlannedVisitor,
  { emulator, queue }: KillPlace,
  visitors: Visitors,
): Promise<{ signals: Signal[]; faults: number }> {
  await sleep(sendMs);
  const unlucky = planned.filter(() => Math.random() < faultShare);
  for (const _ of unlucky) emulator.faults.add(anyFault(visitorid, Math.random));
  const signals = planned.map((signal) => sentNow(signal));
  await queue.send({ body: writeMessage({ signals }) });
  if (kind === 'later') {
    await sleep(comesMs - sendMs);
    await visitors.come(visitorid);
  }
  return { signals, faults: unlucky.length };
}
