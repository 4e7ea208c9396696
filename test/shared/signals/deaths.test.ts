import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Signal } from '../../../shared/signals/signal.ts';
import { type Between, openPlace, type Place } from './place.ts';
import { newSignal, waitingSignal } from './signals.ts';
import { Simulation } from './simulation.ts';

let place: Place;
beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => {
  place.present.clear();
  place.received.length = 0;
});

class Death extends Error {}

/** Dies right before, or right after, its so-manieth call; a dead worker calls nobody any more, a failing one does. */
function dyingAt(point: number, { after, forGood }: { after: boolean; forGood: boolean }) {
  let calls = 0;
  let died = false;
  const between: Between = async (what, call) => {
    if (died && forGood) throw new Death();
    calls += 1;
    if (calls !== point) return await call();
    died = true;
    if (after) await call();
    throw new Death(what);
  };
  return { between, hasDied: () => died };
}

const ways = [
  { after: false, forGood: true },
  { after: true, forGood: true },
  { after: false, forGood: false },
  { after: true, forGood: false },
];

interface Story {
  readonly signals: () => readonly Signal[];
  /** The first steps are those of the worker that dies. */
  readonly before?: (simulation: Simulation) => Promise<void>;
}

/** Who dies where; every signal is accounted for then, however it went. */
async function atEveryPoint(way: (typeof ways)[number], { signals: make, before }: Story): Promise<number> {
  for (let point = 1; ; point++) {
    place.present.clear();
    place.received.length = 0;
    const simulation = new Simulation(place);
    const signals = make();
    const end = Math.max(...signals.map(({ expiresAt }) => expiresAt)) + 120_000;
    simulation.send(...signals);
    await before?.(simulation);
    place.present.add(signals[0]?.visitorid ?? '');
    const dying = dyingAt(point, way);
    const worker = place.worker({ between: dying.between });
    const heir = place.worker();
    // Whoever dies is dead until its message comes back; then somebody else works.
    for (let steps = 0; await simulation.step(() => (dying.hasDied() ? heir : worker), end); steps++)
      expect(steps).toBeLessThan(2_000);
    for (const { id } of signals) {
      const record = await heir.table.read(id);
      const arrivals = place.received.filter(({ data }) => data === id).length;
      const at = `${JSON.stringify(way)}, call ${point}: ${record?.status} ${record?.reason}, ${arrivals} arrived`;
      expect(arrivals, at).toBeLessThanOrEqual(1);
      if (record?.status !== 'unknown') expect([record?.status, arrivals], at).toEqual(['sent', 1]);
      // Who dies tells nothing, and nobody tells what is not so.
      const told = place.bus.details().filter(({ signal }) => signal === id);
      expect([[], [record?.status]], at).toContainEqual(told.map(({ outcome }) => outcome));
    }
    expect(simulation.dead).toEqual([]);
    if (!dying.hasDied()) return point - 1;
  }
}

test.each(ways)(
  'a worker that dies anywhere on its way to a visitor loses and doubles nothing: %o',
  async (way) => {
    let number = 0;
    const signals = () => {
      number += 1;
      return [1, 2].map(() => newSignal(place.clock.time, { to: `${way.after}${way.forGood}${number}` }));
    };
    expect(await atEveryPoint(way, { signals })).toBeGreaterThan(10);
  },
);

test.each(ways)('a worker that dies anywhere in a look leaves another look behind: %o', async (way) => {
  let number = 0;
  const signals = () => {
    number += 1;
    return [1, 2].map((at) =>
      waitingSignal(place.clock.time + at, { to: `look${way.after}${way.forGood}${number}` }),
    );
  };
  const before = async (simulation: Simulation) => {
    const worker = place.worker();
    await simulation.step(() => worker);
  };
  expect(await atEveryPoint(way, { signals, before })).toBeGreaterThan(15);
});

test.each(ways)('a worker that dies while a signal begins to wait does not strand it: %o', async (way) => {
  for (let point = 1; point <= 22; point++) {
    const simulation = new Simulation(place);
    const now = place.clock.time;
    // Accepted so long ago that it is looked for once a minute.
    const signal = waitingSignal(now - 700_000, { to: `wait-${way.after}-${way.forGood}-${point}` });
    simulation.send(signal);
    const dying = dyingAt(point, way);
    const [worker, heir] = [place.worker({ between: dying.between }), place.worker()];
    const workerOf = () => (dying.hasDied() ? heir : worker);
    // Its visitor is away for a while, in which somebody dies.
    while (await simulation.step(workerOf, now + 130_000));
    expect((await heir.table.read(signal.id))?.status, `call ${point}`).toBe('waiting');
    place.present.add(signal.visitorid);
    await simulation.run(heir, now + 330_000);
    expect((await heir.table.read(signal.id))?.status, `call ${point}`).toBe('sent');
  }
});
