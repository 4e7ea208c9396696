import { Lines } from './lines.ts';

export type Verdict = 'ok' | 'warn' | 'fail' | 'skipped';

/** What came of a step. The texts hold no token, no credentials, no visitor id and no value of a visitor's data. */
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

/** All steps in one sentence. */
export interface Conclusion {
  readonly ok: boolean;
  readonly says: string;
}

/**
 * Prints each step as soon as it is done, or all of them as one line of JSON, which begins with what they are about.
 * Gives whether it went well.
 */
export async function report(
  about: Readonly<Record<string, string>>,
  steps: AsyncIterable<Step>,
  conclude: (steps: readonly Step[]) => Conclusion,
  json: boolean,
): Promise<boolean> {
  const lines = new Lines(json ? () => {} : (line) => void process.stdout.write(`${line}\n`));
  const done: Step[] = [];
  for await (const step of steps) {
    done.push(step);
    lines.step(step);
  }
  const { ok, says } = conclude(done);
  lines.end(says);
  if (json) process.stdout.write(`${JSON.stringify({ ...about, ok, says, steps: done })}\n`);
  return ok;
}
