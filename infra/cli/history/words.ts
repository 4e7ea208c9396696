/** As `12,345`. */
export function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

/** As `41.2 %`, of a part of one. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** As `2026-11-22 12:05`; with the seconds, if there are any. */
export function time(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ').replace(/:00$/, '');
}

/** As `14.2 MiB`. */
export function size(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${number(bytes / 1_024 ** power)} ${units[power]}`;
}

/** As `1 snapshot`, `2 snapshots`. */
export function counted(count: number, one: string, more = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : more}`;
}

/**
 * What came from a visitor, for a terminal: without anything that moves its cursor, colours it, or turns the direction
 * of writing; one line, and no longer than that.
 */
export function harmless(text: string, most: number): string {
  const seen = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{FFFD}');
  const letters = Array.from(seen);
  return letters.length <= most ? seen : `${letters.slice(0, most - 1).join('')}…`;
}
