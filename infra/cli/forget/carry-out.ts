import { UsageError } from '../../command.ts';
import { LeftOff, Questions } from '../credentials/questions.ts';
import type { Forgetting } from './forgetting.ts';
import { counted, type Finding } from './tell.ts';

interface Wish {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly signal: AbortSignal;
  /** Of the terminal; without a text, the line goes away. */
  readonly show: (text?: string) => void;
}

interface End {
  /** What the first look found; nothing where it did not come to its end. */
  readonly found?: Finding;
  /** What was in the way of going on. */
  readonly trouble?: unknown;
}

/** Looks, asks, removes, and does it anew for what has come meanwhile. Throws `LeftOff`, and a UsageError. */
export async function carryOut(forgetting: Forgetting, { dryRun, yes, signal, show }: Wish): Promise<End> {
  let found: Finding | undefined;
  try {
    found = await forgetting.look();
    show();
    if (found.lines === 0 || dryRun || signal.aborted) return { found };
    if (!yes) await confirm(found);
    await forgetting.remove();
    await forgetting.look();
    await forgetting.remove();
    return { found };
  } catch (trouble) {
    if (trouble instanceof LeftOff || trouble instanceof UsageError) throw trouble;
    return { ...(found && { found }), trouble };
  } finally {
    show();
  }
}

/** Nobody can undo it. Throws `LeftOff`, or a UsageError where there is nobody to ask. */
async function confirm({ objects, lines }: Finding): Promise<void> {
  if (!process.stdin.isTTY)
    throw new UsageError('this wants --yes, or --dry-run, where there is nobody to ask');
  using questions = new Questions(process.stdin, process.stderr);
  const what = `${counted(lines, 'line')} of the person from ${counted(objects, 'snapshot')}`;
  const answer = await questions.ask(`Remove ${what}, for good (y/N)`);
  if (!/^y(es)?$/i.test(answer.trim())) throw new LeftOff('not wanted');
}
