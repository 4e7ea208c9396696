import * as z from 'zod/mini';
import { groupId } from '../../presence/ids.ts';
import { jsonVariable } from '../../runtime/environment.ts';
import type { Endpoint } from '../endpoints.ts';
import { deployedCaller, toldTo } from './callers.ts';
import { deployedGroup, toldOf } from './groups.ts';
import type { RelayConfig } from './relay.ts';

/** What the functions of the endpoints read of their environment. */
export const relayEnvironment = z.object({
  /** Which of the stacks of an account this is; a dimension of its metrics. */
  RELAY_STAGE: z.string().check(z.minLength(1, 'must not be empty')),
  RELAY_GROUPS: jsonVariable(z.record(groupId, deployedGroup)),
  /** Who may call this endpoint, by `roleKey`. */
  RELAY_CALLERS: jsonVariable(z.record(z.string(), deployedCaller)),
  /** The origins of the pages that may read its answers. */
  RELAY_ORIGINS: z.optional(jsonVariable(z.array(z.string()))),
});

/** Lambda's limit for all variables of a function together is 4 KB; some is left for others. */
const mostBytes = 3_800;

export interface Deployed {
  readonly stage: string;
  /** Name or ARN of the secret with the token of a group. */
  secretOf(groupid: string): string;
}

/**
 * The environment of the function of an endpoint. Names of secrets stand there, never what they hold. Throws when it
 * is larger than Lambda takes.
 */
export function relayVariables(
  { groups, callers, cors }: RelayConfig,
  endpoint: Endpoint,
  { stage, secretOf }: Deployed,
): Record<string, string> {
  const told = Object.entries(groups).map(([id, group]) => [id, toldOf(group, secretOf(id))]);
  const variables = {
    RELAY_STAGE: stage,
    RELAY_GROUPS: JSON.stringify(Object.fromEntries(told)),
    RELAY_CALLERS: JSON.stringify(toldTo(endpoint, callers)),
    ...(cors && { RELAY_ORIGINS: JSON.stringify(cors.origins) }),
  };
  requireRoom(variables);
  return variables;
}

function requireRoom(variables: Readonly<Record<string, string>>): void {
  const sizes = Object.entries(variables).map(([name, value]) => ({
    name,
    bytes: Buffer.byteLength(name + value),
  }));
  const sum = sizes.reduce((total, { bytes }) => total + bytes, 0);
  if (sum <= mostBytes) return;
  const each = sizes.map(({ name, bytes }) => `${name} ${bytes}`).join(', ');
  throw new Error(
    `relay.config.ts: a function would be told ${sum} bytes (${each}), and Lambda takes ${mostBytes}; tell less of groups and callers`,
  );
}
