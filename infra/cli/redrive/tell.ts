import { Lines, width, wrapped } from '../lines.ts';
import { finding, type Step } from '../report.ts';
import type { SignalPlace } from '../signals/place.ts';
import type { Count } from './dead-letters.ts';
import type { Outcome } from './redrive.ts';
import { linesOf } from './summary.ts';

export type Mode = 'list' | 'dry-run' | 'go';

/** What there is and what was done, as one object for scripts. */
export function forScripts({ deadLetters }: SignalPlace, count: Count, outcome: Outcome, mode: Mode): object {
  const { heaps, moved, signals, over, stayed, trouble } = outcome;
  return {
    queue: deadLetters,
    mode,
    letters: heaps.count,
    elsewhere: count.elsewhere,
    reasons: heaps.all(),
    ...(mode !== 'list' && {
      moved,
      signals,
      over: Object.fromEntries(over),
      stayed: Object.fromEntries(stayed),
    }),
    ...(trouble && { trouble: trouble.message, hint: trouble.hint }),
  };
}

type Print = (line: string) => void;

/** The same for people. */
export function tell(place: SignalPlace, count: Count, outcome: Outcome, mode: Mode, print: Print): void {
  const { heaps } = outcome;
  const text = (says: string) => wrapped(says, width).forEach(print);
  text(`${letters(heaps.count)} in ${place.deadLetters}.`);
  if (count.elsewhere > 0)
    text(
      `${letters(count.elsewhere)} more in other hands: somebody has received them. Ask again in some minutes.`,
    );
  for (const heap of heaps.all()) ['', ...linesOf(heap, Date.now())].forEach(print);
  print('');
  if (mode === 'list') text(whatNow(place, heaps.count));
  else tellFates(place, outcome, mode, print);
}

function whatNow({ command }: SignalPlace, some: number): string {
  if (some === 0) return 'All is well.';
  return `Nothing was moved: "${command('redrive -- --dry-run')}" tells what could be, and --go does it, after what was in the way is mended. --reason, --source and --limit choose some.`;
}

function tellFates(place: SignalPlace, outcome: Outcome, mode: Mode, print: Print): void {
  const lines = new Lines(print);
  for (const step of fatesOf(outcome, mode)) lines.step(step);
  lines.end(conclude(place, outcome, mode));
}

function conclude({ command }: SignalPlace, { heaps, stayed, trouble }: Outcome, mode: Mode): string {
  if (trouble) return 'Not well: it was left off before the end.';
  if (heaps.count === 0) return 'There is nothing to do.';
  if (mode === 'dry-run') return 'Nothing was changed; --go does it.';
  if (stayed.size > 0) return 'Not all is well: some stay where they are.';
  return `Done. "${command('redrive')}" tells what has come back since.`;
}

function* fatesOf({ moved, signals, over, stayed, trouble }: Outcome, mode: Mode): Generator<Step> {
  const would = mode === 'dry-run' ? 'would go' : 'went';
  if (moved > 0)
    yield {
      name: 'moved',
      ...finding(
        'ok',
        `${letters(moved)} ${would} back to the queue of signals, with ${signals} to be delivered`,
      ),
    };
  for (const [why, times] of over)
    yield { name: 'over', ...finding('ok', `${letters(times)} ${would} away: ${why}`) };
  for (const [why, times] of stayed)
    yield { name: 'stayed', ...finding('warn', `${letters(times)}: ${why}`) };
  if (trouble) yield { name: 'aws', ...finding('fail', trouble.message, trouble.hint) };
}

function letters(some: number): string {
  return `${some} dead ${some === 1 ? 'letter' : 'letters'}`;
}
