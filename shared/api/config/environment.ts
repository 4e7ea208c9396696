import * as z from 'zod/mini';
import { groupId } from '../../presence/ids.ts';
import { jsonVariable } from '../../runtime/environment.ts';
import type { Endpoint } from '../endpoints.ts';
import { deployedCaller, deployedCallers } from './callers.ts';
import { ConfigurationError } from './error.ts';
import { deployedGroup, deployedGroupOf, isRenewed, renewedGroup, renewedGroupOf } from './groups.ts';
import type { RelayConfig } from './relay.ts';
import { tokenMinutes } from './tokens.ts';

/** Which of the stacks of an account this is; a dimension of its metrics. */
const stageVariable = z.string().check(z.minLength(1, 'must not be empty'));

/** What the functions of the endpoints read of their environment. */
export const relayEnvironment = z.object({
  RELAY_STAGE: stageVariable,
  RELAY_GROUPS: jsonVariable(z.record(groupId, deployedGroup)),
  /** Who may call this endpoint, by `roleKey`. */
  RELAY_CALLERS: jsonVariable(z.record(z.string(), deployedCaller)),
  /** Address of the queue that a renewal of tokens is asked for on; missing where the relay renews none. */
  RELAY_REFRESH_QUEUE: z.optional(z.string().check(z.minLength(1, 'must not be empty'))),
  /** The origins of the pages that may read its answers. */
  RELAY_ORIGINS: z.optional(jsonVariable(z.array(z.string()))),
});

/** Lambda takes 4,096 bytes, of the JSON text of all variables together; some are left for others. */
const mostBytes = 4_000;

/** What the function that gets the tokens reads of its environment. */
export const refreshEnvironment = z.object({
  RELAY_STAGE: stageVariable,
  RELAY_GROUPS: jsonVariable(z.record(groupId, renewedGroup)),
  /** How long a token shall live, in minutes. */
  RELAY_TOKEN_MINUTES: z.pipe(z.pipe(z.string(), z.transform(Number)), tokenMinutes),
});

/** How things are named that the configuration does not name. */
export interface DeployedNames {
  readonly stage: string;
  /** Name or ARN of the secret with the token of a group. */
  secretOf(groupid: string): string;
  /** Name or ARN of the secret with the credentials of a group that is renewed. */
  credentialsOf(groupid: string): string;
  /** Address of the queue that a renewal is asked for on; nothing where no group is renewed. */
  readonly refreshQueue: string | undefined;
}

/**
 * The environment of the function of an endpoint. Names of secrets stand there, never what they hold. Throws when it
 * is larger than Lambda takes.
 */
export function relayVariables(
  { groups, callers, cors }: RelayConfig,
  endpoint: Endpoint,
  { stage, secretOf, refreshQueue }: Omit<DeployedNames, 'credentialsOf'>,
): Record<string, string> {
  const deployed = Object.entries(groups).map(([id, group]) => [id, deployedGroupOf(group, secretOf(id))]);
  const variables = {
    RELAY_STAGE: stage,
    RELAY_GROUPS: JSON.stringify(Object.fromEntries(deployed)),
    RELAY_CALLERS: JSON.stringify(deployedCallers(endpoint, callers)),
    ...(refreshQueue !== undefined && { RELAY_REFRESH_QUEUE: refreshQueue }),
    ...(cors && { RELAY_ORIGINS: JSON.stringify(cors.origins) }),
  };
  return withRoom(endpoint.name, variables);
}

/** The environment of the function that gets the tokens. Throws when it is larger than Lambda takes. */
export function refreshVariables(
  { groups, tokens }: RelayConfig,
  { stage, secretOf, credentialsOf }: Omit<DeployedNames, 'refreshQueue'>,
): Record<string, string> {
  const renewed = Object.entries(groups)
    .filter(([, group]) => isRenewed(group))
    .map(([id, group]) => [
      id,
      renewedGroupOf(group, { secret: secretOf(id), credentials: credentialsOf(id) }),
    ]);
  return withRoom('refresh-token', {
    RELAY_STAGE: stage,
    RELAY_GROUPS: JSON.stringify(Object.fromEntries(renewed)),
    RELAY_TOKEN_MINUTES: String(tokens.minutes),
  });
}

function withRoom(name: string, variables: Record<string, string>): Record<string, string> {
  const bytes = (some: object) => Buffer.byteLength(JSON.stringify(some));
  if (bytes(variables) <= mostBytes) return variables;
  const each = Object.entries(variables).map(([variable, value]) => `${variable} ${bytes({ value })}`);
  throw new ConfigurationError(
    `: the function ${name} would get ${bytes(variables)} bytes of environment (${each.join(', ')}), of ${mostBytes} ` +
      'at most; share the groups and callers out among stages',
  );
}
