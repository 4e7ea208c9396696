import type * as z from 'zod/mini';

/** One thing that a schema does not allow, and where. */
export interface Flaw {
  readonly path: readonly PropertyKey[];
  /** Says what is wanted and never repeats what was given. */
  readonly detail: string;
}

/** Every flaw that zod found, in our words; an unknown key is named, cut to 100 characters. */
export function flawsOf(...errors: readonly (z.core.$ZodError | undefined)[]): Flaw[] {
  const issues = errors.flatMap((error) => error?.issues ?? []);
  const flaws = issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: [...issue.path, key.slice(0, 100)],
        detail: 'is not known here',
      }));
    }
    return [{ path: issue.path, detail: wordsFor(issue) }];
  });
  // Two schemas that look at one thing find the same.
  return [...new Map(flaws.map((flaw) => [flawText(flaw), flaw])).values()];
}

/** For a person at a terminal or a log: `groups.12345.presence: is not https`. */
export function flawText({ path, detail }: Flaw): string {
  return path.length > 0 ? `${path.join('.')}: ${detail}` : detail;
}

function wordsFor(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type')
    return issue.input === undefined ? 'is missing' : `must be ${named(issue.expected)}`;
  if (issue.code === 'invalid_value') return `must be ${listed(issue.values)}`;
  if (issue.code === 'invalid_union' && 'options' in issue)
    return `must be ${listed(issue.options as unknown[])}`;
  if (issue.code === 'invalid_key') return wordsFor(issue.issues[0] as z.core.$ZodIssue);
  return issue.message;
}

/** What people call it, where zod has another name. */
const fieldNames: Readonly<Record<string, string>> = { record: 'object', int: 'whole number' };

function named(type: string): string {
  const name = fieldNames[type] ?? type;
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}

function listed(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(' or ');
}
