import * as z from 'zod/mini';
import { ConfigurationError } from './error.ts';

/** Which of the stacks of an account this is; a dimension of its metrics. */
export const stageVariable = z.string().check(z.minLength(1, 'must not be empty'));

export const filled = z.string().check(z.minLength(1, 'must not be empty'));

/** Lambda takes 4,096 bytes, of the JSON text of all variables together; some are left for others. */
const mostBytes = 4_000;

/** Throws when these variables are more than Lambda takes. */
export function withRoom(name: string, variables: Record<string, string>): Record<string, string> {
  const bytes = (some: object) => Buffer.byteLength(JSON.stringify(some));
  if (bytes(variables) <= mostBytes) return variables;
  const each = Object.entries(variables).map(([variable, value]) => `${variable} ${bytes({ value })}`);
  throw new ConfigurationError(
    `: the function ${name} would get ${bytes(variables)} bytes of environment (${each.join(', ')}), of ${mostBytes} ` +
      'at most; share the groups and callers out among stages',
  );
}
