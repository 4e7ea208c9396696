import type { Entry } from './entry.ts';

/** One line for a person at a terminal, who sees here what a rule would get: `Signal Sent  ada  <signal id>`. */
export function shown({ DetailType, Detail }: Entry): string {
  const { visitorid, signal, snapshot, arrivals, departures } = JSON.parse(Detail) as Record<string, unknown>; // it is sound
  const changed = arrivals === undefined ? undefined : `${arrivals} arrived, ${departures} left`;
  return [DetailType, visitorid, changed, signal ?? snapshot]
    .filter((part) => part !== undefined)
    .map((part) => String(part).replaceAll(/[^\x20-\x7e]/g, '?'))
    .join('  ');
}
