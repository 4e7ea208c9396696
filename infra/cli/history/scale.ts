import type { Range } from './range.ts';

export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** Round numbers from 0 up to one that is not below `most`, four steps at most; the last is the top of the axis. */
export function numberTicks(most: number): number[] {
  let step = 1;
  for (const size of roundSteps()) {
    step = size;
    if (size * 4 >= most) break;
  }
  const count = Math.max(1, Math.ceil(most / step));
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}

function* roundSteps(): Generator<number, void> {
  for (let power = 1; power <= Number.MAX_SAFE_INTEGER; power *= 10) {
    yield power;
    yield power * 2;
    if (power > 1) yield power * 2.5;
    yield power * 5;
  }
}

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const steps = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minute),
  ...[1, 2, 3, 6, 12].map((count) => count * hour),
  ...[1, 2, 7, 14].map((count) => count * day),
];
const months = [1, 2, 3, 6, 12, 24, 60];
/** The first Monday since 1970 began. */
const monday = 4 * day;

/** Round times of the range, so many at most, in UTC. */
export function timeTicks({ from, to }: Range, most: number): Tick[] {
  const step = steps.find((size) => (to - from) / size <= most);
  if (step === undefined) return monthTicks({ from, to }, most);
  const offset = step > 2 * day ? monday : 0;
  const first = Math.ceil((from - offset) / step) * step + offset;
  const count = Math.max(0, Math.ceil((to - first) / step));
  return Array.from({ length: count }, (_, index) => first + index * step).map((at) => ({
    at,
    label: at % day === 0 ? dayLabel(at) : new Date(at).toISOString().slice(11, 16),
  }));
}

function monthTicks({ from, to }: Range, most: number): Tick[] {
  const monthOf = (time: number) => new Date(time).getUTCFullYear() * 12 + new Date(time).getUTCMonth();
  const [first, last] = [monthOf(from), monthOf(to)];
  const step = months.find((size) => (last - first) / size <= most) ?? 120;
  const ticks: Tick[] = [];
  for (let month = Math.ceil(first / step) * step; month <= last; month += step) {
    const at = Date.UTC(Math.floor(month / 12), month % 12);
    if (at >= from && at < to) ticks.push({ at, label: monthLabel(at) });
  }
  return ticks;
}

function dayLabel(time: number): string {
  return new Date(time).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
}

function monthLabel(time: number): string {
  return new Date(time).toLocaleDateString('en-GB', { month: 'short', year: 'numeric', timeZone: 'UTC' });
}
