import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SlotStatus } from '../../../shared/snapshots/claim-record.ts';
import type { SlotHold } from '../../../shared/snapshots/claims.ts';
import { slotAt } from '../../../shared/snapshots/slot.ts';
import { type ClaimsPlace, openClaimsPlace } from './claims-place.ts';

let place: ClaimsPlace;
beforeAll(async () => {
  place = await openClaimsPlace();
});
afterAll(() => place[Symbol.asyncDispose]());

const leaseMs = 30_000;
const workers = 3;

/** A slot in plain words: who has it, until when, and what is put down. */
class Plain {
  status: SlotStatus | undefined;
  visitors: number | undefined;
  holder: number | undefined;
  leaseUntil = 0;

  claim(holder: number, now: number): string {
    if (this.status === 'done' || this.status === 'gap') return this.status;
    if (this.holder !== undefined && this.leaseUntil > now) return 'being-taken';
    this.status ??= 'taking';
    this.holder = holder;
    this.leaseUntil = now + leaseMs;
    return this.status === 'written' ? `claimed with ${this.visitors}` : 'claimed';
  }

  /** False where nothing happens. */
  use(
    holder: number,
    now: number,
    { visitors, status }: { visitors?: number; status?: SlotStatus },
  ): boolean {
    const isOver = this.status === 'done' || this.status === 'gap';
    const isRepeated = isOver && this.status === status;
    if (this.holder !== holder || (isOver && !isRepeated)) return false;
    if (status === 'done' && this.status === 'taking') return false;
    if (visitors !== undefined) this.visitors = visitors;
    this.status = status ?? this.status;
    this.leaseUntil = now + leaseMs;
    return true;
  }
}

/** What whoever has a slot does with it. */
const deed = fc.oneof(
  { weight: 2, arbitrary: fc.record({ does: fc.constant('prolong' as const) }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('written' as const), visitors: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('comparing' as const) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('release' as const) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('done' as const, 'gap' as const) }) },
);
type Deed = typeof deed extends fc.Arbitrary<infer One> ? One : never;

const step = fc.record({
  worker: fc.nat(workers - 1),
  waitMs: fc.constantFrom(0, 0, 1, 15_000, leaseMs - 1, leaseMs),
  deed: fc.option(deed, { freq: 2 }),
});

async function really(hold: SlotHold, { does, ...more }: Deed): Promise<boolean | undefined> {
  const { visitors } = { visitors: 0, ...more };
  if (does === 'prolong') return await hold.prolong({ visitors: 1, bytes: 1 });
  if (does === 'written')
    return await hold.written({ takenAt: 1, visitors, unnamed: 0, bytes: 1, lineBytes: 1 });
  if (does === 'comparing') return await hold.comparing(null);
  if (does !== 'release') return await hold.end(does);
  await hold.release();
  return undefined;
}

function plainly(model: Plain, holder: number, now: number, { does, ...more }: Deed): boolean | undefined {
  if (does === 'prolong' || does === 'comparing') return model.use(holder, now, {});
  if (does !== 'release') return model.use(holder, now, { status: does, ...more });
  if (model.use(holder, now, {})) model.holder = undefined;
  return undefined;
}

/** What came of each step. A worker without a deed claims; the others use their last claim, however long ago it was. */
async function walk(steps: readonly (typeof step extends fc.Arbitrary<infer One> ? One : never)[]) {
  const groupid = randomUUID();
  const slot = slotAt(place.clock.time);
  const claims = place.claims();
  const model = new Plain();
  const holds = new Map<number, { hold: SlotHold; holder: number }>();
  const real: unknown[] = [];
  const plain: unknown[] = [];
  for (const [at, { worker, waitMs, deed: use }] of steps.entries()) {
    place.clock.time += waitMs;
    const now = place.clock.time;
    const held = holds.get(worker);
    if (use && held) {
      real.push(await really(held.hold, use));
      plain.push(plainly(model, held.holder, now, use));
    } else {
      const claim = await claims.claim(groupid, slot);
      const written = 'written' in claim ? ` with ${claim.written?.visitors}` : '';
      real.push(`${claim.outcome}${written}`);
      plain.push(model.claim(at, now));
      if ('hold' in claim) holds.set(worker, { hold: claim.hold, holder: at });
    }
  }
  real.push((await claims.progress(groupid, slot))?.status);
  plain.push(model.status);
  return { real, plain };
}

test('whatever workers do with a slot, and whenever they die, it is with it as with a slot of one mind', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), async (steps) => {
      const { real, plain } = await walk(steps);
      expect(real).toEqual(plain);
    }),
    { numRuns: 30 },
  );
});
