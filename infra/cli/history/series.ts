import type { Manifest, TakenManifest } from '../../../shared/snapshots/manifest.ts';
import type { Range } from './range.ts';

/** How many visitors there were at a snapshot. */
export interface Point {
  readonly at: number;
  readonly visitors: number;
}

/** Snapshots that follow one another with none missing between. The last one holds until then. */
export interface Run {
  readonly points: readonly Point[];
  readonly until: number;
}

/** Nobody knows who was there. */
interface Gap extends Range {
  /** How many snapshots are missing. */
  readonly missing: number;
}

export interface Series {
  readonly range: Range;
  readonly runs: readonly Run[];
  readonly gaps: readonly Gap[];
}

/** What the manifests of a range tell, in the order of time. `periodMs`: how long the newest one holds. */
export function seriesOf(manifests: readonly Manifest[], range: Range, periodMs: number): Series {
  const drawn = new Drawn(range, periodMs);
  for (const manifest of manifests.toSorted((one, other) => one.snapshot - other.snapshot)) {
    if (manifest.snapshot < range.from || manifest.snapshot >= range.to) continue;
    if (manifest.status === 'taken') drawn.take(manifest);
    else drawn.miss(manifest.snapshot);
  }
  return drawn.end();
}

class Drawn {
  readonly #range: Range;
  readonly #periodMs: number;
  readonly #runs: Run[] = [];
  readonly #gaps: Gap[] = [];
  #points: Point[] = [];
  /** Gaps that were told since the last snapshot. */
  #told: number[] = [];

  constructor(range: Range, periodMs: number) {
    this.#range = range;
    this.#periodMs = periodMs;
  }

  take(manifest: TakenManifest): void {
    const { snapshot: at, visitors } = manifest;
    const [firstTold = at] = this.#told;
    const { missing, stepMs } = missingBefore(manifest, this.#points.at(-1)?.at, this.#range);
    if (missing + this.#told.length > 0) {
      const earliest = this.#points.at(-1)?.at ?? this.#range.from;
      const from = Math.max(earliest, Math.min(firstTold, at - missing * stepMs));
      this.#break({ from, to: at, missing: Math.max(missing, this.#told.length) });
    }
    this.#points.push({ at, visitors });
  }

  miss(at: number): void {
    this.#told.push(at);
  }

  end(): Series {
    const { to } = this.#range;
    const [from] = this.#told;
    const last = this.#told.at(-1);
    if (from !== undefined && last !== undefined)
      this.#break({ from, to: Math.min(to, last + this.#periodMs), missing: this.#told.length });
    else this.#close(to);
    return { range: this.#range, runs: this.#runs, gaps: this.#gaps };
  }

  #break(gap: Gap): void {
    this.#close(gap.from);
    this.#gaps.push(gap);
    this.#told = [];
  }

  #close(latest: number): void {
    const last = this.#points.at(-1);
    if (last === undefined) return;
    this.#runs.push({ points: this.#points, until: Math.min(latest, last.at + this.#periodMs) });
    this.#points = [];
  }
}

/** Of the snapshots that are missing before this one, those of the range; and how far they are apart. */
function missingBefore(
  { snapshot, previous, missed }: TakenManifest,
  before: number | undefined,
  { from }: Range,
): { missing: number; stepMs: number } {
  if (previous === null || missed === 0 || previous >= snapshot) return { missing: 0, stepMs: 0 };
  const stepMs = (snapshot - previous) / (missed + 1);
  // One that was whole only after this one was taken stands between.
  if (before !== undefined)
    return { missing: Math.max(0, Math.round((snapshot - before) / stepMs) - 1), stepMs };
  return { missing: Math.min(missed, Math.floor((snapshot - from) / stepMs)), stepMs };
}

/** What a stretch of time shows. */
export type Cell =
  /** The most visitors of its snapshots; `isPartial`: some are missing. */
  | { readonly kind: 'known'; readonly visitors: number; readonly isPartial: boolean }
  | { readonly kind: 'gap' }
  /** There is nothing, and nothing is known to be missing: before the first one, after the newest. */
  | { readonly kind: 'nothing' };

/** The range in stretches of the same length. */
export function cellsOf({ range, runs, gaps }: Series, count: number): Cell[] {
  const cellOf = (time: number) =>
    Math.min(count - 1, Math.floor(((time - range.from) / (range.to - range.from)) * count));
  const most: (number | undefined)[] = Array.from({ length: count });
  for (const { points, until } of runs) {
    for (const [index, { at, visitors }] of points.entries()) {
      const next = points[index + 1]?.at ?? until;
      const first = cellOf(at);
      most[first] = Math.max(most[first] ?? 0, visitors);
      // Those that lie wholly between two snapshots show the earlier one.
      for (let cell = first + 1; cell < cellOf(next); cell++) most[cell] = visitors;
    }
  }
  const isGap: boolean[] = Array.from({ length: count });
  for (const { from, to } of gaps) isGap.fill(true, cellOf(from), cellOf(Math.max(from, to - 1)) + 1);
  return most.map((visitors, cell) => {
    if (visitors !== undefined) return { kind: 'known', visitors, isPartial: isGap[cell] === true };
    return { kind: isGap[cell] ? 'gap' : 'nothing' };
  });
}
