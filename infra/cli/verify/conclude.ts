import type { Conclusion, Step, Verdict } from '../report.ts';

/** It is well where no step failed. What could not be checked is a warning. */
export function conclude(steps: readonly Step[]): Conclusion {
  const names = (...verdicts: Verdict[]) =>
    steps.flatMap(({ name, verdict }) => (verdicts.includes(verdict) ? [name] : [])).join(', ');
  const failed = names('fail');
  if (failed !== '') return { ok: false, says: `Not well: ${failed} failed.` };
  const warned = names('warn', 'skipped');
  if (warned === '') return { ok: true, says: 'All is well.' };
  return { ok: true, says: `What could be checked is well; mind what is said of ${warned}.` };
}
