import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  FunctionUrlAuthType,
  InvokeMode,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

interface StandInProps {
  /** The folder with the built function. */
  readonly bundle: string;
  readonly passwordDigest: string;
  readonly tokenDigest: string;
}

/** In the place of Glance: a function at an address that everybody can reach, and only this run can use. */
export class StandInStack extends Stack {
  constructor(scope: Construct, id: string, { bundle, passwordDigest, tokenDigest }: StandInProps) {
    super(scope, id, { description: 'Presence Relay: in the place of Glance while a relay is verified' });
    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_DAY,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const actions = ['logs:CreateLogStream', 'logs:PutLogEvents'];
    role.addToPolicy(new PolicyStatement({ actions, resources: [logGroup.logGroupArn] }));
    const lambda = new LambdaFunction(this, 'Function', {
      description: 'Presence Relay: shows visitors who are made up',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(bundle),
      handler: 'index.handler',
      memorySize: 512,
      timeout: Duration.minutes(5),
      ...{ role, logGroup },
      environment: { PASSWORD_DIGEST: passwordDigest, TOKEN_DIGEST: tokenDigest },
    });
    // The Presence service of Glance wants no signature of AWS either: what it wants, the function looks at.
    const { url } = lambda.addFunctionUrl({
      authType: FunctionUrlAuthType.NONE,
      invokeMode: InvokeMode.RESPONSE_STREAM,
    });
    new CfnOutput(this, 'OutputUrl', { key: 'Url', description: 'Where it is', value: url });
  }
}
