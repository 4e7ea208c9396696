import * as z from 'zod/mini';
import { glanceAuthorization, readAuthorizationAddress } from '../../authorization/address.ts';
import { glance, isHostPattern, readPresenceAddress } from '../../presence/address.ts';
import { groupId } from '../../presence/ids.ts';
import { arn } from './arn.ts';
import { groupSnapshots } from './snapshots.ts';

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

const authorizationAddress = z
  .string()
  .check(
    z.refine(
      (text) => readAuthorizationAddress(text).checked,
      'must be https://, a host name in lower case and a path, nothing behind it (http and ports only for loopback addresses)',
    ),
  );

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

const authorizationFields = {
  /** The operation of the Authorization API that grants the group's tokens. */
  authorization: z._default(authorizationAddress, glanceAuthorization),
  /** The configuration of the group at Glance that its tokens are for. */
  site: z._default(z.enum(['production', 'staging']), 'production'),
};

/** A group as `relay.config.ts` tells it. */
export const configuredGroup = z.strictObject({
  ...fields,
  ...authorizationFields,
  /** An existing secret for the group's token; without it, the stack makes one. */
  secret: z.optional(existingSecret),
  /** An existing secret with the credentials for which Glance grants tokens; without it, the stack makes one. */
  credentials: z.optional(existingSecret),
  /** Snapshots of who is on the site; none unless given. */
  snapshots: z.optional(groupSnapshots),
});
export type ConfiguredGroup = z.infer<typeof configuredGroup>;

/** Who names a secret for the token and none for credentials puts the tokens there by other means. */
export function isRenewed({ secret, credentials }: ConfiguredGroup): boolean {
  return secret === undefined || credentials !== undefined;
}

/** Name or ARN of a secret; never what it holds. */
const secretName = z.string().check(z.minLength(1, 'must not be empty'));

/** A group as the function of an endpoint finds it in its environment. */
export const deployedGroup = z.strictObject({
  ...fields,
  secret: secretName,
  /** Whether the relay itself gets the group's tokens. */
  renewed: z._default(z.boolean(), true),
});
export type DeployedGroup = z.infer<typeof deployedGroup>;

/** A group as the function that gets its tokens finds it. */
export const renewedGroup = z.strictObject({
  presence: fields.presence,
  ...authorizationFields,
  secret: secretName,
  credentials: secretName,
});
export type RenewedGroup = z.infer<typeof renewedGroup>;

/** Glance's own clients send a group as a JSON number too, so it is one that JavaScript holds exactly. */
export const configuredId = groupId.check(
  z.regex(/^[1-9]\d{0,14}$/, 'must be a number of at most 15 digits that does not begin with 0'),
);

const defaults: Readonly<Record<string, unknown>> = configuredGroup.parse({});

/** What the function of an endpoint has to know of a group: defaults are left out, to make room for more groups. */
export function deployedGroupOf(group: ConfiguredGroup, secret: string): z.input<typeof deployedGroup> {
  const { presence, directServers, visitorids } = group;
  const told = withoutDefaults({ presence, directServers, visitorids });
  return { ...told, secret, ...(!isRenewed(group) && { renewed: false }) };
}

/** What the function that gets its tokens has to know of a group. */
export function renewedGroupOf(
  { presence, authorization, site }: ConfiguredGroup,
  secrets: Pick<RenewedGroup, 'secret' | 'credentials'>,
): z.input<typeof renewedGroup> {
  return { ...withoutDefaults({ presence, authorization, site }), ...secrets };
}

function withoutDefaults<Settings extends object>(settings: Settings): Partial<Settings> {
  const told = Object.entries(settings).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(defaults[key]),
  );
  return Object.fromEntries(told) as Partial<Settings>; // of its own entries
}
