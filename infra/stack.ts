import { Stack, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ConfigurationError } from '../shared/api/config/error.ts';
import type { RelayConfig } from '../shared/api/config/relay.ts';
import { Alarms } from './constructs/alarms.ts';
import { RelayApi } from './constructs/api.ts';
import { RelayDashboard } from './constructs/dashboard.ts';
import { addOutputs } from './constructs/outputs.ts';
import { RelayFunction } from './constructs/relay-function.ts';
import { TokenSecrets } from './constructs/token-secrets.ts';
import { functions } from './functions.ts';

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
    super(scope, id, { description: 'Presence Relay: the Glance Presence endpoints at one host' });
    Tags.of(this).add('application', 'presence-relay');
    Tags.of(this).add('stage', stage);

    const secrets = new TokenSecrets(this, 'TokenSecrets', { stage, config });
    const deployed = functions.map(
      (spec) => new RelayFunction(this, spec.name, { spec, stage, config, bundles, secrets }),
    );
    const api = new RelayApi(this, 'Api', { stage, config, functions: deployed });
    const alarms = new Alarms(this, 'Alarms', { stage, config, functions: deployed, api });
    const dashboard = new RelayDashboard(this, 'Dashboard', { stage, functions: deployed, api, alarms });
    addOutputs(this, { config, api, secrets, dashboard, alarms });
  }
}

/** Everything could be deployed, and nobody could call it. */
function requireCallers({ callers }: RelayConfig): void {
  if (Object.keys(callers).length > 0) return;
  throw new ConfigurationError(
    ': callers: names nobody, so every call would be refused. Name the IAM roles that may call, with ' +
      "their groups: callers: { 'agent-desk': { groups: [12345] } }",
  );
}
