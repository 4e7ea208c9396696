import * as z from 'zod/mini';
import { groupId } from '../../presence/ids.ts';
import { jsonVariable } from '../../runtime/environment.ts';
import type { DeployedNames } from './environment.ts';
import { deployedGroup, deployedGroupOf } from './groups.ts';
import type { RelayConfig } from './relay.ts';
import { signals } from './signals.ts';
import { filled, stageVariable, withRoom } from './variables.ts';

/** What the function that delivers signals reads of its environment. */
export const deliverEnvironment = z.object({
  RELAY_STAGE: stageVariable,
  RELAY_GROUPS: jsonVariable(z.record(groupId, deployedGroup)),
  RELAY_REFRESH_QUEUE: z.optional(filled),
  RELAY_SIGNAL_QUEUE: filled,
  RELAY_DEAD_LETTERS: filled,
  RELAY_SIGNAL_TABLE: filled,
  /** Name of the bus on which it is told how signals end. */
  RELAY_BUS: filled,
  RELAY_LIMITS: jsonVariable(z.pick(signals, { perVisitor: true, findsPerSecond: true })),
});

/** The environment of the function that delivers signals. Throws when it is larger than Lambda takes. */
export function deliverVariables(
  { groups, signals: { perVisitor, findsPerSecond } }: RelayConfig,
  names: Pick<
    DeployedNames,
    'stage' | 'secretOf' | 'refreshQueue' | 'signalQueue' | 'deadLetters' | 'signalTable' | 'bus'
  >,
): Record<string, string> {
  const deployed = Object.entries(groups).map(([id, group]) => [
    id,
    deployedGroupOf(group, names.secretOf(id)),
  ]);
  return withRoom('deliver', {
    RELAY_STAGE: names.stage,
    RELAY_GROUPS: JSON.stringify(Object.fromEntries(deployed)),
    ...(names.refreshQueue !== undefined && { RELAY_REFRESH_QUEUE: names.refreshQueue }),
    RELAY_SIGNAL_QUEUE: names.signalQueue,
    RELAY_DEAD_LETTERS: names.deadLetters,
    RELAY_SIGNAL_TABLE: names.signalTable,
    RELAY_BUS: names.bus,
    RELAY_LIMITS: JSON.stringify({ perVisitor, findsPerSecond }),
  });
}
