import type { SignalRecord } from '../../../shared/signals/signal.ts';
import { width, wrapped } from '../lines.ts';
import { becameOf, deedOf, time } from './words.ts';

const indent = ' '.repeat(22);

/** A record in a few lines, for people; `named` tells whose it is. */
export function linesOf(record: SignalRecord, { named }: { readonly named: boolean }): string[] {
  const { id, acceptedAt, source, groupid, visitorid, attempts } = record;
  const whom = named ? `, to ${visitorid} of group ${groupid}` : `, group ${groupid}`;
  const tries = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
  const says = `${deedOf(record)} of ${source}${whom}; ${becameOf(record)}; ${tries}`;
  return [
    `${time(acceptedAt).padEnd(indent.length)}${record.status.padEnd(10)} ${id}`,
    ...wrapped(says, width - indent.length).map((line) => indent + line),
  ];
}
