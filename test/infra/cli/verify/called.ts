import type { Caller } from '../../../../infra/cli/verify/caller.ts';
import type { DeployedRelay } from '../../../../infra/cli/verify/relay.ts';
import { groupId } from '../../../../shared/presence/ids.ts';
import { account } from './aws-servers.ts';
import { keys, region } from './iam-gate.ts';

export const caller: Caller & { readonly role: string } = {
  credentials: keys,
  role: `arn:aws:iam::${account}:role/agent-desk`,
};

/** A relay at this address. */
export function relayAt(address: string, part: Partial<DeployedRelay> = {}): DeployedRelay {
  return {
    ...{ name: 'presence-relay-prod', stage: 'prod', region, account, partition: 'aws' },
    ...{ state: 'CREATE_COMPLETE', address, role: 'agent-desk', deployedAt: Date.now() - 86_400_000 },
    groups: [{ groupid: groupId.parse('12345'), token: 'token', credentials: 'credentials' }],
    refreshQueue: 'presence-relay-prod-refresh.fifo',
    snapshots: undefined,
    ...part,
  };
}
