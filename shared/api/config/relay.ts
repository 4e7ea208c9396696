import * as z from 'zod/mini';
import { flawsOf, flawText } from '../../runtime/flaws.ts';
import { configuredCaller, readRole, roleKey, roleReference } from './callers.ts';
import { deploymentFields } from './deployment.ts';
import { ConfigurationError } from './error.ts';
import { configuredGroup, configuredId } from './groups.ts';
import { signals } from './signals.ts';
import { snapshots } from './snapshots.ts';
import { tokens } from './tokens.ts';
import { webhookLimits, webhooks } from './webhooks.ts';

const fields = z.strictObject({
  groups: z
    .record(configuredId, configuredGroup)
    .check(z.refine((groups) => Object.keys(groups).length > 0, 'must hold at least one group')),
  /** The IAM roles that may call, and what each may do. */
  callers: z._default(z.record(roleReference, configuredCaller), {}),
  tokens: z.prefault(tokens, {}),
  /** Where webhooks come from, by the last part of their address: `/webhooks/<name>`. */
  webhooks: z._default(webhooks, {}),
  webhookLimits: z.prefault(webhookLimits, {}),
  signals: z.prefault(signals, {}),
  /** Of the groups that have some. */
  snapshots: z.prefault(snapshots, {}),
  ...deploymentFields,
});

type Fields = z.infer<typeof fields>;
type Report = (message: string, ...path: (string | number)[]) => void;

/** What `relay.config.ts` holds. */
export const relayConfig = fields.check((context) => {
  const report: Report = (message, ...path) =>
    context.issues.push({ code: 'custom', input: undefined, path, message });
  checkCallers(context.value, report);
  checkSecrets(context.value, report);
  checkWebhooks(context.value, report);
  checkSnapshots(context.value, report);
  checkZone(context.value, report);
  checkRegions(context.value, report);
});
export type RelayConfig = z.infer<typeof relayConfig>;

function checkCallers({ groups, callers }: Fields, report: Report): void {
  const seen = new Map<string, string>();
  for (const [reference, caller] of Object.entries(callers)) {
    for (const [at, groupid] of caller.groups.entries()) {
      if (!(groupid in groups))
        report(`group ${groupid} is none of the configured groups`, 'callers', reference, 'groups', at);
    }
    const key = roleKey(readRole(reference));
    const other = seen.get(key);
    if (other !== undefined) report(`is the same role as ${other}`, 'callers', reference);
    seen.set(key, reference);
  }
}

/** A token is for one group, and what is put into its secret takes the place of all else. */
function checkSecrets({ groups }: Fields, report: Report): void {
  const named = Object.entries(groups).flatMap(([id, { secret, credentials }]) => [
    { arn: secret?.arn, place: `groups.${id}.secret` },
    { arn: credentials?.arn, place: `groups.${id}.credentials` },
  ]);
  for (const [id, { secret }] of Object.entries(groups)) {
    const place = `groups.${id}.secret`;
    const other = named.find((each) => each.arn === secret?.arn && each.place !== place);
    if (secret && other) report(`is that of ${other.place} too`, 'groups', id, 'secret', 'arn');
  }
}

function checkWebhooks({ groups, webhooks }: Fields, report: Report): void {
  const buses = new Map<string, string>();
  for (const [name, source] of Object.entries(webhooks)) {
    for (const { path, detail } of source.flaws) report(detail, 'webhooks', name, ...path.map(String));
    for (const groupid of source.groups) {
      if (!(groupid in groups))
        report(`group ${groupid} is none of the configured groups`, 'webhooks', name, 'group');
    }
    if (source.transport === 'http') continue;
    const { eventSource } = source.transport;
    const other = buses.get(eventSource);
    if (other !== undefined) report(`is that of ${other} too`, 'webhooks', name, 'eventSource');
    buses.set(eventSource, name);
  }
}

/** Whoever has left is named by the snapshot in which they were last seen. */
function checkSnapshots({ groups, snapshots: { retentionDays } }: Fields, report: Report): void {
  for (const [id, { snapshots }] of Object.entries(groups)) {
    if (snapshots && snapshots.leftAfter * snapshots.everyMinutes > retentionDays * 1_440)
      report(
        'is longer, with "everyMinutes", than snapshots are kept',
        'groups',
        id,
        'snapshots',
        'leftAfter',
      );
  }
}

function checkZone({ domain }: Fields, report: Report): void {
  if (!domain?.zone) return;
  const { name, zone } = domain;
  if (name !== zone.name && !name.endsWith(`.${zone.name}`))
    report(`must be a name in the zone ${zone.name}`, 'domain', 'name');
}

/** What the stack works with is in the region of the stack, so it is all in one. */
function checkRegions({ groups, domain, waf, alarms, snapshots }: Fields, report: Report): void {
  const secrets = Object.entries(groups).flatMap(([id, { secret, credentials }]) => [
    [secret?.arn, 'groups', id, 'secret', 'arn'] as const,
    [credentials?.arn, 'groups', id, 'credentials', 'arn'] as const,
  ]);
  const named = [
    ...secrets,
    [domain?.certificateArn, 'domain', 'certificateArn'] as const,
    [waf?.webAclArn, 'waf', 'webAclArn'] as const,
    [alarms?.topicArn, 'alarms', 'topicArn'] as const,
    [snapshots.keyArn, 'snapshots', 'keyArn'] as const,
  ];
  const regions = named.flatMap(([arn, ...path]) => (arn ? [{ region: arn.split(':')[3], path }] : []));
  const [first] = regions;
  for (const { region, path } of regions) {
    if (region !== first?.region) report(`is in another region than ${first?.path.join('.')}`, ...path);
  }
}

/** Checks a configuration, names every mistake, and fills in the defaults. */
export function defineRelay(config: z.input<typeof relayConfig>): RelayConfig {
  const result = relayConfig.safeParse(config, { reportInput: true });
  if (result.success) return result.data;
  const flaws = flawsOf(result.error).map(flawText);
  throw new ConfigurationError(`: ${flaws.join('; ')}`);
}
