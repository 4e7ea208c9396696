import path from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { relayVariables } from '../../shared/api/config/environment.ts';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import type { FunctionSpec } from '../functions.ts';
import { stackName } from '../names.ts';
import { removalPolicy } from './removal.ts';
import type { TokenSecrets } from './token-secrets.ts';

interface RelayFunctionProps {
  readonly spec: FunctionSpec;
  readonly stage: string;
  readonly config: RelayConfig;
  readonly bundles: string;
  readonly secrets: TokenSecrets;
}

/** The function of an endpoint, with a role and a log group of its own. */
export class RelayFunction extends Construct {
  readonly spec: FunctionSpec;
  readonly lambda: LambdaFunction;
  readonly logs: LogGroup;

  constructor(scope: Construct, id: string, props: RelayFunctionProps) {
    super(scope, id);
    const { spec, stage, config, bundles, secrets } = props;
    this.spec = spec;
    this.logs = new LogGroup(this, 'Logs', {
      retention: config.logs.retentionDays,
      removalPolicy: removalPolicy(config),
    });
    this.lambda = new LambdaFunction(this, 'Function', {
      functionName: `${stackName(stage)}-${spec.name}`,
      description: `Presence Relay: ${spec.endpoint.method} ${spec.endpoint.path}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(path.join(bundles, spec.name)),
      handler: 'index.handler',
      memorySize: spec.memoryMb,
      timeout: Duration.seconds(spec.timeoutSeconds),
      role: this.#role(secrets),
      logGroup: this.logs,
      loggingFormat: LoggingFormat.JSON,
      environment: relayVariables(config, spec.endpoint, {
        stage,
        secretOf: (groupid) => secrets.nameOf(groupid),
      }),
    });
  }

  #role(secrets: TokenSecrets): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What the function ${this.spec.name} of Presence Relay may do`,
    });
    const streams = this.logs.logGroupArn;
    const write = new PolicyStatement({
      sid: 'WriteOwnLog',
      effect: Effect.ALLOW,
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [streams],
    });
    for (const statement of [write, ...secrets.readStatements()]) role.addToPolicy(statement);
    return role;
  }
}
