import { Problem } from './problem.ts';

/** What a call is told whose path is that of no endpoint, whoever finds out. */
export function unknownPath(): Problem {
  return new Problem('not-found', 'There is nothing at this path.');
}

/** What a call is told whose path takes other methods: `GET`, or `GET, POST`. */
export function unknownMethod(allow: string): Problem {
  return new Problem('method-not-allowed', `This path takes ${allow} only.`, { headers: { allow } });
}
