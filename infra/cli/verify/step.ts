import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { AwsTrouble } from '../aws.ts';
import { type Finding, finding, type Step } from '../report.ts';
import { CallTrouble } from './call.ts';

/** How a step tells how far it is, on a line that the next one replaces; without a text, it goes away. */
export type Tell = (text?: string) => void;

/** What each step has. */
export interface Surroundings {
  readonly tell: Tell;
  /** Aborted at Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Whoever sleeps by it wakes up at Ctrl-C: the sleep rejects. */
export function wakeful({ signal }: Pick<Surroundings, 'signal'>): Clock {
  return { now: Date.now, sleep: (ms) => sleep(ms, undefined, { signal }) };
}

const unreachable =
  'does this machine reach the Address of the stack? A domain of your own has to be in the DNS; --address names another way to the relay';

/** A step by its name: what it finds, or why it could not be made. Throws what the signal is aborted with. */
export async function stepOf(
  name: string,
  { signal, tell }: Surroundings,
  make: () => Promise<Finding>,
): Promise<Step> {
  try {
    return { name, ...(await make()) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof AwsTrouble) return { name, ...finding('fail', error.message, error.hint) };
    if (error instanceof CallTrouble) return { name, ...finding('fail', error.message, unreachable) };
    throw error;
  } finally {
    tell();
  }
}
