import type { Signal } from '../../../shared/signals/signal.ts';

/**
 * What becomes of a dead letter:
 * - `moves`: a message goes to the queue of signals, and the letter goes away
 * - `over`: there is nothing left to deliver, and the letter goes away
 * - `stays`: as it is
 */
export type Fate =
  | { readonly kind: 'moves'; readonly signals: readonly Signal[]; readonly send: () => Promise<void> }
  | { readonly kind: 'over' | 'stays'; readonly why: string };

export function stays(why: string): Fate {
  return { kind: 'stays', why };
}

export function over(why: string): Fate {
  return { kind: 'over', why };
}
