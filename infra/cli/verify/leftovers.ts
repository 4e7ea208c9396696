import { AwsTrouble } from '../aws.ts';
import { type Finding, finding } from '../report.ts';
import { type MadeStacks, removal } from './made-stacks.ts';
import type { Surroundings } from './step.ts';

/** Removes what a run that was killed has left. Nothing where there is nothing to tell. */
export async function removeLeftovers(
  stacks: MadeStacks,
  region: string,
  { tell }: Surroundings,
): Promise<Finding | undefined> {
  try {
    const { over, underWay } = await stacks.leftovers();
    for (const name of over) await stacks.remove(name, tell);
    const removed =
      over.length > 0 ? `removed, of an earlier run that was killed: ${over.join(', ')}` : undefined;
    if (underWay.length === 0) return removed === undefined ? undefined : finding('ok', removed);
    const theirs = `left alone, of a run that may be under way: ${underWay.join(', ')}`;
    const commands = underWay.map((name) => removal(name, region)).join('; ');
    return finding(
      'warn',
      removed === undefined ? theirs : `${removed}; ${theirs}`,
      `if none is: ${commands}`,
    );
  } catch (error) {
    // Not to be able to look is no fault of the relay.
    if (error instanceof AwsTrouble) return finding('warn', error.message, error.hint);
    throw error;
  }
}
