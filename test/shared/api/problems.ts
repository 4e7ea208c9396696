import { Problem } from '../../../shared/api/problem.ts';

/** The `Problem` that something fails with. */
export function problemFrom(fail: () => unknown): Problem {
  try {
    fail();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw new Error('not a Problem', { cause: error });
  }
  throw new Error('it did not fail');
}
