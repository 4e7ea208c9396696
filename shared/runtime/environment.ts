import * as z from 'zod/mini';

/** The environment lacks something or holds something wrong. Names every variable; repeats no value. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

/** A variable that holds JSON of the given shape. */
export function jsonVariable<S extends z.ZodMiniType>(schema: S) {
  return z.pipe(
    z.string().check(z.refine(isJson, 'is not JSON')),
    z.pipe(
      z.transform((text: string): unknown => JSON.parse(text)),
      schema,
    ),
  );
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export function readEnvironment<S extends z.ZodMiniType>(
  schema: S,
  environment: NodeJS.ProcessEnv,
): z.infer<S> {
  const result = z.safeParse(schema, environment);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new EnvironmentError(`environment not usable: ${faults.join('; ')}`);
}
