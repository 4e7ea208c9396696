import type * as z from 'zod/mini';
import type { Fault } from './problem.ts';

type Issue = z.core.$ZodIssue;
/** Turns the path of an issue into the place that a caller can find. */
type Place = (path: readonly PropertyKey[], detail: string) => Fault;

export const inQuery: Place = (path, detail) => ({ detail, parameter: String(path[0] ?? '') });

/** JSON pointer as a URI fragment (RFC 6901, section 6), as RFC 9457 shows it. */
export const inBody: Place = (path, detail) => ({
  detail,
  pointer: `#${path.map((key) => `/${encodeURIComponent(String(key).replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')}`,
});

/** Every fault that zod found, in our words: they say what is wanted and never what was given. */
export function faultsOf(issues: readonly Issue[], place: Place): Fault[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => place([...issue.path, key.slice(0, 100)], 'is not known here'));
    }
    return [place(issue.path, wordsFor(issue))];
  });
}

function wordsFor(issue: Issue): string {
  if (issue.code === 'invalid_type')
    return issue.input === undefined ? 'is missing' : `must be ${article(issue.expected)}`;
  if (issue.code === 'invalid_value') return `must be ${quotedList(issue.values)}`;
  if (issue.code === 'invalid_union' && 'options' in issue)
    return `must be ${quotedList(issue.options as unknown[])}`;
  return issue.message;
}

function article(type: string): string {
  const name = type === 'record' ? 'object' : type;
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}

function quotedList(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(' or ');
}
