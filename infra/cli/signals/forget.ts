import { isEnding, type SignalRecord } from '../../../shared/signals/signal.ts';
import { confirm } from '../confirm.ts';
import { bar, changingLine } from '../lines.ts';
import { fromTable, type SignalPlace, signalTableOf } from './place.ts';

export interface Forgetting {
  /** Of how many the record is gone now. */
  readonly forgotten: number;
  /** Of how many it is not, since they have not ended. */
  readonly open: number;
}

/** Removes those records that have ended; whoever is interrupted can do it again. Throws `AwsTrouble`. */
export async function forget(place: SignalPlace, records: readonly SignalRecord[]): Promise<Forgetting> {
  const table = signalTableOf(place);
  const show = changingLine();
  const ended = records.filter(({ status }) => isEnding(status));
  let forgotten = 0;
  try {
    for (const [at, { id }] of ended.entries()) {
      show(bar(at, ended.length));
      if (await fromTable(place, 'written', 'dynamodb:DeleteItem', table.forget(id))) forgotten++;
    }
  } finally {
    show();
  }
  return { forgotten, open: records.length - forgotten };
}

/** Nobody can undo it. Throws `LeftOff`, or a UsageError where there is nobody to ask. */
export async function confirmForgetting(count: number): Promise<void> {
  const records = count === 1 ? 'this record' : `the ${count} records`;
  const question = `Remove ${records} of what has ended, for good`;
  await confirm(question, '--forget wants --yes where there is nobody to ask');
}

/** What of the person is still there. */
export function whatStays({ open }: Forgetting, { command, table, deadLetters }: SignalPlace): string[] {
  return [
    ...(open > 0
      ? [
          `${open === 1 ? '1 signal has not ended; once it has' : `${open} signals have not ended; once they have`}, do this again.`,
        ]
      : []),
    `Signals that could not be delivered are with the dead letters, for 14 days at most: "${command('redrive')}" tells how many there are. They show nobody's id, so they go together: "aws sqs purge-queue" on ${deadLetters}.`,
    `Backups of the table ${table}, if there are any, keep the records for as long as you keep those.`,
    'A sender that now repeats one of these signals is taken for one with a new signal.',
  ];
}
