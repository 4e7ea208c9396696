import * as z from 'zod/mini';
import { glance, isHostPattern, readPresenceAddress } from '../../presence/address.ts';
import { groupId } from '../../presence/ids.ts';
import { arn } from './arn.ts';

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

const fields = {
  /** The load balancer of the Presence service. */
  presence: z._default(presenceAddress, glance.presence),
  /** Hosts beside it that may hold a visitor's connection, and so receive the group's token. */
  directServers: z._default(z.array(hostPattern), [...glance.directServers]),
  /** `strict`: refuse visitor ids beyond what all the Glance pages agree on (A-Z, a-z, 0-9, `_`, `-`; 50). */
  visitorids: z._default(z.enum(['lax', 'strict']), 'lax'),
};

const existingSecret = z.strictObject({
  arn: arn('secretsmanager', 'secret:[\\w/+=.@-]+-[A-Za-z0-9]{6}', 'secret:<name>-<six characters>'),
  /** The customer-managed key under which it is encrypted. */
  keyArn: z.optional(arn('kms', 'key/[A-Za-z0-9-]+', 'key/<id>')),
});

/** A group as `relay.config.ts` tells it. */
export const configuredGroup = z.strictObject({
  ...fields,
  /** An existing secret that holds the group's token; without it, the stack makes one. */
  secret: z.optional(existingSecret),
});
export type ConfiguredGroup = z.infer<typeof configuredGroup>;

/** A group as a function finds it in its environment. */
export const deployedGroup = z.strictObject({
  ...fields,
  /** Name or ARN; never what it holds. */
  secret: z.string().check(z.minLength(1, 'must not be empty')),
});
export type DeployedGroup = z.infer<typeof deployedGroup>;

/** Glance's own clients send a group as a JSON number too, so it is one that JavaScript holds exactly. */
export const configuredId = groupId.check(
  z.regex(/^[1-9]\d{0,14}$/, 'must be a number of at most 15 digits that does not begin with 0'),
);

const defaults: Readonly<Record<string, unknown>> = configuredGroup.parse({});

/** What a function has to know of a group: defaults are left out, to make room for more groups. */
export function deployedGroupOf(group: ConfiguredGroup, secret: string): z.input<typeof deployedGroup> {
  const { secret: _, ...settings } = group;
  const told = Object.entries(settings).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(defaults[key]),
  );
  return { ...Object.fromEntries(told), secret };
}
