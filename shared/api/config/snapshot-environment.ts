import * as z from 'zod/mini';
import { groupId } from '../../presence/ids.ts';
import { jsonVariable } from '../../runtime/environment.ts';
import type { DeployedNames } from './environment.ts';
import { type ConfiguredGroup, deployedGroup, deployedGroupOf } from './groups.ts';
import type { RelayConfig } from './relay.ts';
import { deployedSnapshots, type GroupSnapshots, type SnapshotSettings } from './snapshots.ts';
import { filled, stageVariable, withRoom } from './variables.ts';

/** What the function that takes snapshots reads of its environment. */
export const snapshotEnvironment = z.object({
  RELAY_STAGE: stageVariable,
  /** Those of which snapshots are taken. */
  RELAY_GROUPS: jsonVariable(z.record(groupId, deployedGroup)),
  RELAY_SNAPSHOTS: jsonVariable(z.record(groupId, deployedSnapshots)),
  RELAY_REFRESH_QUEUE: z.optional(filled),
  RELAY_SNAPSHOT_BUCKET: filled,
  /** The table in which slots are claimed: that of the signals. */
  RELAY_SIGNAL_TABLE: filled,
  /** Name of the bus that changes are told on. */
  RELAY_BUS: filled,
  /** Name of the secret that digests of visitor ids are made with, where a group wants any. */
  RELAY_ID_KEY: z.optional(filled),
});
export type SnapshotEnvironment = z.infer<typeof snapshotEnvironment>;

/** The groups of which snapshots are taken. */
export function groupsWithSnapshots({ groups }: Pick<RelayConfig, 'groups'>): readonly SnapshotGroup[] {
  return Object.entries(groups).flatMap(([id, group]) => {
    const { snapshots } = group;
    return snapshots ? [{ id, group, snapshots }] : [];
  });
}

interface SnapshotGroup {
  readonly id: string;
  readonly group: ConfiguredGroup;
  readonly snapshots: GroupSnapshots;
}

/** Whether digests stand in the place of the visitor ids of a group. */
export function wantsDigests(config: Pick<RelayConfig, 'groups'>): boolean {
  return groupsWithSnapshots(config).some(({ snapshots: { ids } }) => ids === 'digest');
}

type Names = Pick<
  DeployedNames,
  'stage' | 'secretOf' | 'refreshQueue' | 'signalTable' | 'idKey' | 'bus' | 'snapshotBucket'
>;

/** The environment of the function that takes snapshots. Throws when it is larger than Lambda takes. */
export function snapshotVariables(config: RelayConfig, names: Names): Record<string, string> {
  const wanted = groupsWithSnapshots(config);
  const groups = wanted.map(({ id, group }) => [id, deployedGroupOf(group, names.secretOf(id))] as const);
  const settings = wanted.map(({ id, snapshots }) => [id, settingsOf(snapshots)] as const);
  return withRoom('snapshot', {
    RELAY_STAGE: names.stage,
    RELAY_GROUPS: JSON.stringify(Object.fromEntries(groups)),
    RELAY_SNAPSHOTS: JSON.stringify(Object.fromEntries(settings)),
    ...(names.refreshQueue !== undefined && { RELAY_REFRESH_QUEUE: names.refreshQueue }),
    RELAY_SNAPSHOT_BUCKET: names.snapshotBucket,
    RELAY_SIGNAL_TABLE: names.signalTable,
    RELAY_BUS: names.bus,
    ...(wantsDigests(config) && { RELAY_ID_KEY: names.idKey }),
  });
}

const defaults: Readonly<Record<string, unknown>> = deployedSnapshots.parse({ periodSeconds: 60 });

/** Defaults are left out, to make room for more groups. */
function settingsOf({ everyMinutes, ...kept }: GroupSnapshots): z.input<typeof deployedSnapshots> {
  const told = Object.entries(kept).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(defaults[key]),
  );
  return { periodSeconds: everyMinutes * 60, ...(Object.fromEntries(told) as Partial<SnapshotSettings>) }; // of its own entries
}
