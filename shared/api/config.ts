import * as z from 'zod/mini';
import { glance, isHostPattern, readPresenceAddress } from '../presence/address.ts';
import { groupId } from '../presence/ids.ts';
import { functionName } from '../presence/message.ts';
import { jsonVariable } from '../runtime/environment.ts';
import { flawsOf, flawText } from '../runtime/flaws.ts';

/** The functions that the Glance documents and demo pages invoke to begin a session. */
const sessionFunctions = [
  'GLANCE.Cobrowse.Visitor.startSession',
  'GLANCE.Cobrowse.Visitor.showTerms',
  'GLANCE.Cobrowse.VisitorUI.showTerms',
];

const presenceAddress = z
  .string()
  .check(
    z.refine(
      (text) => readPresenceAddress(text).checked,
      'must be https:// and a host name in lower case, nothing behind it (http and ports only for loopback addresses)',
    ),
  );

const hostPattern = z
  .string()
  .check(z.refine(isHostPattern, 'must be a host name in lower case; # stands for one digit'));

const groupFields = {
  /** The load balancer of the Presence service. */
  presence: z._default(presenceAddress, glance.presence),
  /** Hosts beside it that may hold a visitor's connection, and so receive the group's token. */
  directServers: z._default(z.array(hostPattern), [...glance.directServers]),
  /** `strict`: refuse visitor ids beyond what all the Glance pages agree on (A-Z, a-z, 0-9, `_`, `-`; 50). */
  visitorids: z._default(z.enum(['lax', 'strict']), 'lax'),
  /** The functions that may be invoked in a visitor's browser. */
  invocable: z._default(z.array(functionName), sessionFunctions),
};

const configuredGroup = z.strictObject(groupFields);
const deployedGroup = z.strictObject({
  ...groupFields,
  secret: z.string().check(z.minLength(1, 'must not be empty')),
});

/** Glance's own clients send a group as a JSON number too, so it is one that JavaScript holds exactly. */
const configuredId = groupId.check(z.regex(/^[1-9]\d{0,14}$/, 'must be a number of at most 15 digits'));

/** What `relay.config.ts` holds. */
export const relayConfig = z.strictObject({
  groups: z
    .record(configuredId, configuredGroup)
    .check(z.refine((groups) => Object.keys(groups).length > 0, 'must hold at least one group')),
});
export type RelayConfig = z.infer<typeof relayConfig>;

/** Checks a configuration, names every mistake, and fills in the defaults. */
export function defineRelay(config: z.input<typeof relayConfig>): RelayConfig {
  const result = relayConfig.safeParse(config, { reportInput: true });
  if (result.success) return result.data;
  const flaws = flawsOf(result.error).map(flawText);
  throw new Error(`relay.config.ts: ${flaws.join('; ')}`);
}

/** What the Presence functions read of their environment. */
export const relayEnvironment = z.object({ RELAY_GROUPS: jsonVariable(z.record(groupId, deployedGroup)) });

export type GroupSettings = z.infer<typeof deployedGroup>;

/** Lambda's limit for all variables of a function together is 4 KB; some is left for others. */
const mostBytes = 3_800;

/**
 * The environment of the Presence functions. Names of secrets stand there, never what they hold. Defaults are left
 * out, to make room for more groups; throws when there is none.
 */
export function presenceEnvironment(
  config: RelayConfig,
  secretOf: (groupid: string) => string,
): { RELAY_GROUPS: string } {
  const groups = Object.entries(config.groups).map(([id, group]) => {
    const told = Object.entries(group).filter(([key, value]) => !isDefault(key, value));
    return [id, { ...Object.fromEntries(told), secret: secretOf(id) }];
  });
  const RELAY_GROUPS = JSON.stringify(Object.fromEntries(groups));
  if (Buffer.byteLength(RELAY_GROUPS) > mostBytes) {
    throw new Error(
      `relay.config.ts: groups take ${RELAY_GROUPS.length} of ${mostBytes} bytes; tell less of each`,
    );
  }
  return { RELAY_GROUPS };
}

const defaults: Readonly<Record<string, unknown>> = configuredGroup.parse({});

function isDefault(key: string, value: unknown): boolean {
  return JSON.stringify(value) === JSON.stringify(defaults[key]);
}
