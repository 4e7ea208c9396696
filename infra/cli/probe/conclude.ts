import type { Conclusion, Step, Verdict } from '../report.ts';

/** It is well where no step failed. */
export function conclude(steps: readonly Step[]): Conclusion {
  const names = (verdict: Verdict) =>
    steps.filter((step) => step.verdict === verdict).map(({ name }) => name);
  const [failed, warned, skipped] = [names('fail'), names('warn'), names('skipped')];
  if (failed.length > 0) return { ok: false, says: `Not well: ${failed.join(', ')} failed.` };
  const unseen = skipped.length > 0 ? ` Not seen yet: ${skipped.join(', ')}.` : '';
  if (warned.length > 0) {
    return { ok: true, says: `It works, but mind the warning about ${warned.join(' and ')}.${unseen}` };
  }
  return { ok: true, says: unseen ? `All is well so far.${unseen}` : 'All is well.' };
}
