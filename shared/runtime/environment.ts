import * as z from 'zod/mini';
import { flawsOf, flawText } from './flaws.ts';

/** The environment lacks something or holds something wrong. Names every variable; repeats no value. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

/** A variable that holds JSON of the given shape. */
export function jsonVariable<S extends z.ZodMiniType>(schema: S) {
  const parsed = z.transform((text: string, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.issues.push({ code: 'custom', message: 'is not JSON', input: undefined });
      return z.NEVER;
    }
  });
  return z.pipe(z.string(), z.pipe(parsed, schema));
}

/** Throws `EnvironmentError`. */
export function readEnvironment<S extends z.ZodMiniType>(
  schema: S,
  environment: NodeJS.ProcessEnv,
): z.infer<S> {
  const result = z.safeParse(schema, environment, { reportInput: true });
  if (result.success) return result.data;
  throw new EnvironmentError(flawsOf(result.error).map(flawText).join('; '));
}
