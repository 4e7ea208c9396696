import * as z from 'zod/mini';
import { flawsOf, flawText } from '../../runtime/flaws.ts';
import { configuredCaller, readRole, roleKey, roleReference } from './callers.ts';
import { deploymentFields } from './deployment.ts';
import { configuredGroup, configuredId } from './groups.ts';

const fields = z.strictObject({
  groups: z
    .record(configuredId, configuredGroup)
    .check(z.refine((groups) => Object.keys(groups).length > 0, 'must hold at least one group')),
  /** The IAM roles that may call, and what each may do. */
  callers: z._default(z.record(roleReference, configuredCaller), {}),
  ...deploymentFields,
});

/** What `relay.config.ts` holds. */
export const relayConfig = fields.check((context) => {
  const report = (message: string, ...path: (string | number)[]) =>
    context.issues.push({ code: 'custom', input: undefined, path, message });
  const { groups, callers } = context.value;
  const seen = new Map<string, string>();
  for (const [reference, caller] of Object.entries(callers)) {
    for (const [at, groupid] of caller.groups.entries()) {
      if (!(groupid in groups)) report('must be one of the groups above', 'callers', reference, 'groups', at);
    }
    const key = roleKey(readRole(reference));
    const other = seen.get(key);
    if (other !== undefined) report(`is the same role as ${other}`, 'callers', reference);
    seen.set(key, reference);
  }
  for (const [groupid, { secretArn, secretKeyArn }] of Object.entries(groups)) {
    if (secretKeyArn !== undefined && secretArn === undefined)
      report('needs "secretArn" beside it', 'groups', groupid, 'secretKeyArn');
  }
});
export type RelayConfig = z.infer<typeof relayConfig>;

/** Checks a configuration, names every mistake, and fills in the defaults. */
export function defineRelay(config: z.input<typeof relayConfig>): RelayConfig {
  const result = relayConfig.safeParse(config, { reportInput: true });
  if (result.success) return result.data;
  const flaws = flawsOf(result.error).map(flawText);
  throw new Error(`relay.config.ts: ${flaws.join('; ')}`);
}
