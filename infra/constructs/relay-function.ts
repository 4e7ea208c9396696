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
import { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import type { FunctionSpec } from '../functions.ts';
import { functionName } from '../names.ts';
import { acknowledge } from './acknowledge.ts';
import { RelayLogs } from './relay-logs.ts';

interface RelayFunctionProps<Spec> {
  readonly spec: Spec;
  readonly description: string;
  readonly stage: string;
  readonly config: RelayConfig;
  readonly bundles: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What it may do, beside writing its own log. */
  readonly statements: readonly PolicyStatement[];
  /** So many instances are set apart for it, and there are never more. */
  readonly reservedConcurrency?: number;
}

/** A function with a role and a log group of its own. */
export class RelayFunction<Spec extends FunctionSpec = FunctionSpec> extends Construct {
  readonly spec: Spec;
  readonly lambda: LambdaFunction;
  readonly logs: RelayLogs;

  constructor(scope: Construct, id: string, props: RelayFunctionProps<Spec>) {
    super(scope, id);
    const { spec, description, stage, config, bundles, environment, statements, reservedConcurrency } = props;
    this.spec = spec;
    this.logs = new RelayLogs(this, 'Logs', config);
    this.lambda = new LambdaFunction(this, 'Function', {
      functionName: functionName(stage, spec.name),
      description: `Presence Relay: ${description}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(path.join(bundles, spec.name)),
      handler: 'index.handler',
      memorySize: spec.memoryMb,
      timeout: Duration.seconds(spec.timeoutSeconds),
      role: this.#role(statements),
      logGroup: this.logs,
      loggingFormat: LoggingFormat.JSON,
      environment,
      ...(reservedConcurrency !== undefined && { reservedConcurrentExecutions: reservedConcurrency }),
    });
    acknowledge(
      this.lambda,
      {
        findings: ['CKV_AWS_117'],
        reason:
          'It has nothing to reach in a VPC: it calls AWS and Glance at their public addresses, with TLS, and is called ' +
          'through Lambda alone, by IAM. In one, it would need a NAT gateway to get out again.',
      },
      {
        findings: ['CKV_AWS_173'],
        reason:
          'The variables are names, addresses and limits, which Lambda encrypts with a key of its own. What is secret ' +
          'is read from Secrets Manager when it is needed.',
      },
    );
  }

  #role(statements: readonly PolicyStatement[]): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What the function ${this.spec.name} of Presence Relay may do`,
    });
    const write = new PolicyStatement({
      sid: 'WriteOwnLog',
      effect: Effect.ALLOW,
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [this.logs.logGroupArn],
    });
    for (const statement of [write, ...statements]) role.addToPolicy(statement);
    return role;
  }
}
