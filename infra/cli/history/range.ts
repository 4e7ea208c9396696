import { UsageError } from '../../command.ts';

/** From when on, and before when; in milliseconds since 1970. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

interface Wish {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly last?: string | undefined;
}

const [minute, day] = [60_000, 86_400_000];
const units: Readonly<Record<string, number>> = { m: minute, h: 60 * minute, d: day };
const most = 3_650 * day;

/**
 * The time that is meant, the last 24 hours unless said otherwise. A day that it goes to belongs to it. Throws a
 * UsageError.
 */
export function rangeOf({ from, to, last }: Wish, now: number): Range {
  if (from !== undefined && last !== undefined) throw new UsageError('--from or --last, not both');
  const end = to === undefined ? Math.ceil(now / minute) * minute : endOf(to);
  const begin = from === undefined ? end - lengthOf(last ?? '24h') : timeOf('from', from);
  if (begin >= end) throw new UsageError('--from is before --to, or before now');
  if (end - begin > most + day) throw new UsageError('that is more than ten years');
  return { from: begin, to: end };
}

/** Without the time before the first snapshot, but for some minutes at least. */
export function fromFirst({ from, to }: Range, manifests: readonly { readonly snapshot: number }[]): Range {
  const first = Math.min(to, ...manifests.map(({ snapshot }) => snapshot));
  return manifests.length === 0 ? { from, to } : { from: Math.max(from, Math.min(first, to - leastMs)), to };
}

const leastMs = 10 * minute;

function lengthOf(text: string): number {
  const [, count = '', unit = ''] = /^([1-9]\d{0,6})([mhd])$/.exec(text) ?? [];
  const length = Number(count) * (units[unit] ?? Number.NaN);
  if (length <= most) return length;
  throw new UsageError('--last is so many minutes, hours or days, as 90m, 24h or 7d; ten years at most');
}

function endOf(text: string): number {
  return timeOf('to', text) + (isDay(text) ? day : 0);
}

function isDay(text: string): boolean {
  return text.length === '2026-11-22'.length;
}

/** `2026-11-22`, or with `T12:05` or `T12:05:30`, and a `Z` or none: it is UTC all the same. */
function timeOf(option: string, text: string): number {
  const [, date, time = '00:00', seconds = ':00'] = wanted.exec(text) ?? [];
  const at = date === undefined ? Number.NaN : Date.parse(`${date}T${time}${seconds}Z`);
  // The 31st of February would be the 3rd of March.
  if (Number.isFinite(at) && new Date(at).toISOString().startsWith(`${date}T${time}`)) return at;
  throw new UsageError(`--${option} is a day or a time in UTC, as 2026-11-22 or 2026-11-22T12:05`);
}

const wanted = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d)?Z?)?$/;
