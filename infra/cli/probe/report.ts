export type Verdict = 'ok' | 'warn' | 'fail' | 'skipped';

/**
 * What a question to the service has shown. The texts hold statuses, names of keys, kinds of values, counts and host
 * names; never a token, a visitor id or a value of a visitor's data.
 */
export interface Finding {
  readonly verdict: Verdict;
  readonly says: string;
  /** What to do about it. */
  readonly hint?: string;
}

export interface Step extends Finding {
  /** Stays the same from release to release. */
  readonly name: string;
}

export function finding(verdict: Verdict, says: string, hint?: string): Finding {
  return { verdict, says, ...(hint !== undefined && { hint }) };
}

export interface Conclusion {
  /** No step failed. */
  readonly ok: boolean;
  readonly says: string;
}

/** All steps in one sentence. */
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
