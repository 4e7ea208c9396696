import * as z from 'zod/mini';
import { groupId } from '../../presence/ids.ts';
import { jsonVariable } from '../../runtime/environment.ts';
import type { Endpoint } from '../endpoints.ts';
import { deployedCaller, deployedCallers } from './callers.ts';
import { ConfigurationError } from './error.ts';
import { deployedGroup, deployedGroupOf } from './groups.ts';
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

/** Lambda takes 4,096 bytes, of the JSON text of all variables together; some are left for others. */
const mostBytes = 4_000;

/** How things are named that the configuration does not name. */
export interface DeployedNames {
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
  { stage, secretOf }: DeployedNames,
): Record<string, string> {
  const deployed = Object.entries(groups).map(([id, group]) => [id, deployedGroupOf(group, secretOf(id))]);
  const variables = {
    RELAY_STAGE: stage,
    RELAY_GROUPS: JSON.stringify(Object.fromEntries(deployed)),
    RELAY_CALLERS: JSON.stringify(deployedCallers(endpoint, callers)),
    ...(cors && { RELAY_ORIGINS: JSON.stringify(cors.origins) }),
  };
  requireRoom(endpoint, variables);
  return variables;
}

function requireRoom({ name }: Endpoint, variables: Readonly<Record<string, string>>): void {
  const bytes = (some: object) => Buffer.byteLength(JSON.stringify(some));
  if (bytes(variables) <= mostBytes) return;
  const each = Object.entries(variables).map(([variable, value]) => `${variable} ${bytes({ value })}`);
  throw new ConfigurationError(
    `: the function ${name} would get ${bytes(variables)} bytes of environment (${each.join(', ')}), of ${mostBytes} ` +
      'at most; have fewer groups or callers, or share them out among stages',
  );
}
