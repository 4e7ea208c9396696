import { UsageError } from '../../command.ts';
import { confirm } from '../confirm.ts';
import { LeftOff } from '../credentials/questions.ts';
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
    if (!yes)
      await confirm(questionOf(found), 'this wants --yes, or --dry-run, where there is nobody to ask');
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

function questionOf({ objects, lines }: Finding): string {
  return `Remove ${counted(lines, 'line')} of the person from ${counted(objects, 'snapshot')}, for good`;
}
