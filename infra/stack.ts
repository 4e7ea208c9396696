import { Stack, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ConfigurationError } from '../shared/api/config/error.ts';
import type { RelayConfig } from '../shared/api/config/relay.ts';
import { groupsWithSnapshots } from '../shared/api/config/snapshot-environment.ts';
import { Alarms } from './constructs/alarms.ts';
import { RelayApi } from './constructs/api.ts';
import { RelayBus } from './constructs/bus.ts';
import { RelayDashboard } from './constructs/dashboard.ts';
import { EndpointFunction } from './constructs/endpoint-function.ts';
import { GroupSecrets } from './constructs/group-secrets.ts';
import { addOutputs } from './constructs/outputs.ts';
import { Refresh } from './constructs/refresh.ts';
import { Signals } from './constructs/signals.ts';
import { Snapshots } from './constructs/snapshots.ts';
import { requireDistinctNames, requirePublicUrl } from './constructs/webhook-sources.ts';
import { Webhooks } from './constructs/webhooks.ts';
import { endpointFunctions } from './functions.ts';

export interface RelayStackProps {
  readonly stage: string;
  readonly config: RelayConfig;
  /** The folder that `bundleFunctions` has written to. */
  readonly bundles: string;
}

/** The relay in an AWS account, of any region: it names neither, so the template fits all. */
export class RelayStack extends Stack {
  constructor(scope: Construct, id: string, { stage, config, bundles }: RelayStackProps) {
    requireCallers(config);
    requirePublicUrl(config);
    requireDistinctNames(config);
    super(scope, id, { description: 'Presence Relay: the Glance Presence endpoints at one host' });
    Tags.of(this).add('application', 'presence-relay');
    Tags.of(this).add('stage', stage);

    // With another id, a stack that is there would make secrets of the same names anew, which fails.
    const secrets = new GroupSecrets(this, 'TokenSecrets', { stage, config });
    const refresh =
      secrets.renewed.length > 0
        ? new Refresh(this, 'Refresh', { stage, config, bundles, secrets })
        : undefined;
    const bus = new RelayBus(this, 'Events', { stage });
    const signals = new Signals(this, 'Signals', { stage, config, bundles, secrets, refresh, bus });
    const endpoints = endpointFunctions.map(
      (spec) =>
        new EndpointFunction(this, spec.name, { spec, stage, config, bundles, secrets, refresh, signals }),
    );
    const webhooks =
      Object.keys(config.webhooks).length > 0
        ? new Webhooks(this, 'Webhooks', { stage, config, bundles, signals })
        : undefined;
    const snapshots =
      groupsWithSnapshots(config).length > 0
        ? new Snapshots(this, 'Snapshots', { stage, config, bundles, secrets, refresh, signals, bus })
        : undefined;
    const api = new RelayApi(this, 'Api', { stage, config, functions: endpoints, webhooks });
    const parts = { stage, config, endpoints, api, refresh, signals, webhooks, snapshots };
    const alarms = new Alarms(this, 'Alarms', parts);
    const dashboard = new RelayDashboard(this, 'Dashboard', { ...parts, alarms });
    addOutputs(this, { ...parts, bus, secrets, dashboard, alarms });
  }
}

/** Everything could be deployed, and nobody could call it. */
function requireCallers({ callers, webhooks }: RelayConfig): void {
  if (Object.keys({ ...callers, ...webhooks }).length > 0) return;
  throw new ConfigurationError(
    ': callers: names nobody, so every call would be refused. Name the IAM roles that may call, with ' +
      "their groups: callers: { 'agent-desk': { groups: [12345] } }",
  );
}
