import { Stack } from 'aws-cdk-lib';
import { CfnEventBus } from 'aws-cdk-lib/aws-events';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { busSources } from '../constructs/webhook-sources.ts';
import { callerRole } from '../local/caller.ts';

const surroundingsName = 'presence-relay-surroundings';

/** What a company's account has before the relay comes: the role of whoever calls, and the buses of its partners. */
export class Surroundings extends Stack {
  constructor(scope: Construct, config: RelayConfig) {
    super(scope, surroundingsName, { description: 'What stands around Presence Relay on an AWS emulator' });
    new Role(this, 'Caller', { roleName: callerRole, assumedBy: new AccountRootPrincipal() });
    for (const { name, eventSource } of busSources(config))
      new CfnEventBus(this, `Bus-${name}`, { name: eventSource });
  }
}
