import { AwsTrouble } from '../aws.ts';
import type { DeadLetterQueue } from './dead-letters.ts';
import { type Choice, isChosen, type Letter } from './letter.ts';
import type { Redriver } from './redriver.ts';
import { Heaps } from './summary.ts';

/** What there is, and what has become of it. */
export interface Outcome {
  readonly heaps: Heaps;
  /** Dead letters that went, or would go, to the queue of signals, and how many signals that makes. */
  moved: number;
  signals: number;
  /** Why letters went away without a message, and how many; likewise of those that stay. */
  readonly over: Map<string, number>;
  readonly stayed: Map<string, number>;
  /** What was in the way of going on. */
  trouble?: AwsTrouble;
}

export interface Wish extends Choice {
  /** So many letters at most. */
  readonly limit: number;
  /** Without it, nothing changes. */
  readonly redriver?: Redriver | undefined;
  readonly go: boolean;
  /** Hears of each letter that was looked at. */
  readonly progress: (done: number) => void;
  /** Tells that no more shall be begun. */
  readonly isInterrupted: () => boolean;
}

/**
 * Goes through the dead letters, and has those that are chosen delivered again. A message is sent before its letter is
 * removed: whoever is interrupted in between sends it twice, and the records of its signals make that harmless.
 */
export async function redrive(queue: DeadLetterQueue, wish: Wish): Promise<Outcome> {
  const outcome: Outcome = { heaps: new Heaps(), moved: 0, signals: 0, over: new Map(), stayed: new Map() };
  const moved = new Set<string>();
  try {
    for await (const letters of queue.read()) {
      const room = wish.limit - outcome.heaps.count;
      // What fails again at once comes back as another letter.
      const chosen = letters
        .filter((letter) => isChosen(letter, wish) && !isOf(letter, moved))
        .slice(0, room);
      await each(chosen, (letter) => handle(letter, queue, wish, outcome, moved));
      wish.progress(outcome.heaps.count);
      if (outcome.heaps.count >= wish.limit || wish.isInterrupted()) break;
    }
  } catch (error) {
    noteTrouble(outcome, error);
  }
  await queue.putBack().catch((error: unknown) => noteTrouble(outcome, error));
  return outcome;
}

function noteTrouble(outcome: Outcome, error: unknown): void {
  if (!(error instanceof AwsTrouble)) throw error;
  outcome.trouble ??= error;
}

/** All at once; what goes wrong with one is told when all are through. */
async function each(letters: readonly Letter[], work: (letter: Letter) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(letters.map(work));
  const failure = results.find(({ status }) => status === 'rejected');
  if (failure?.status === 'rejected') throw failure.reason;
}

async function handle(
  letter: Letter,
  queue: DeadLetterQueue,
  { redriver, go }: Wish,
  outcome: Outcome,
  moved: Set<string>,
): Promise<void> {
  const fate = await redriver?.fateOf(letter);
  if (go && fate && fate.kind !== 'stays') {
    if (fate.kind === 'moves') await fate.send();
    await queue.remove(letter);
  }
  outcome.heaps.add(letter);
  if (fate?.kind === 'moves') {
    outcome.moved += 1;
    outcome.signals += fate.signals.length;
    for (const { id } of fate.signals) moved.add(id);
  }
  if (fate?.kind === 'over') count(outcome.over, fate.why);
  if (fate?.kind === 'stays') count(outcome.stayed, fate.why);
}

function isOf({ content }: Letter, moved: ReadonlySet<string>): boolean {
  return 'signals' in content && content.signals.some(({ id }) => moved.has(id));
}

function count(counts: Map<string, number>, why: string): void {
  counts.set(why, (counts.get(why) ?? 0) + 1);
}
