import { expect, test } from 'vitest';
import type { Step, Verdict } from '../../../../infra/cli/report.ts';
import { conclude } from '../../../../infra/cli/verify/conclude.ts';

const steps = (...verdicts: Verdict[]): Step[] =>
  verdicts.map((verdict, index) => ({ name: `s${index}`, verdict, says: '' }));

test.each<[Verdict[], boolean, string]>([
  [['ok', 'ok'], true, 'All is well.'],
  [['ok', 'warn', 'skipped'], true, 'What could be checked is well; mind what is said of s1, s2.'],
  [['fail', 'warn', 'ok', 'fail'], false, 'Not well: s0, s3 failed.'],
])('%j: %s', (verdicts, ok, says) => {
  expect(conclude(steps(...verdicts))).toEqual({ ok, says });
});
