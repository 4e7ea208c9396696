import * as z from 'zod/mini';
import { badRequest, type Refusal } from './refusal.ts';

const english = z.locales.en().localeError;

/** `value` as `schema` has it. Throws a Refusal that names every flaw with its place. */
export function read<Schema extends z.ZodMiniType>(schema: Schema, value: unknown): z.infer<Schema> {
  const { success, data, error } = z.safeParse(schema, value, { error: english });
  if (success) return data;
  throw explain(error.issues);
}

function explain(issues: readonly z.core.$ZodIssue[]): Refusal {
  const flaws = issues.map(({ path, message }) => (path.length ? `${path.join('.')}: ${message}` : message));
  return badRequest(flaws.join('; '));
}
