import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AccessLogField,
  AccessLogFormat,
  CfnAccount,
  type CfnRestApi,
  type RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { acknowledge } from './acknowledge.ts';
import { RelayLogs } from './relay-logs.ts';

/** What is written of every call. Neither path nor query: they hold visitor ids. */
export const accessLogFormat = AccessLogFormat.custom(
  JSON.stringify({
    time: AccessLogField.contextRequestTime(),
    requestId: AccessLogField.contextRequestId(),
    extendedRequestId: AccessLogField.contextExtendedRequestId(),
    stage: AccessLogField.contextStage(),
    method: AccessLogField.contextHttpMethod(),
    resource: AccessLogField.contextResourcePath(),
    caller: AccessLogField.contextIdentityUserArn(),
    status: AccessLogField.contextStatus(),
    answeredBy: AccessLogField.contextErrorResponseType(),
    responseBytes: AccessLogField.contextResponseLength(),
    latencyMs: AccessLogField.contextResponseLatency(),
    functionLatencyMs: AccessLogField.contextIntegrationLatency(),
    functionStatus: AccessLogField.contextIntegrationStatus(),
    functionRequestId: AccessLogField.contextAwsEndpointRequestId(),
    firewall: AccessLogField.contextWafResponseCode(),
  }),
);

const pushToLogs = 'service-role/AmazonAPIGatewayPushToCloudWatchLogs';

/** Where API Gateway writes to: the access log, and its own errors. */
export class GatewayLogs extends Construct {
  readonly access: RelayLogs;
  readonly #config: RelayConfig;

  constructor(scope: Construct, id: string, config: RelayConfig) {
    super(scope, id);
    this.#config = config;
    this.access = new RelayLogs(this, 'Access', config);
  }

  /** API Gateway names the log of its errors itself, and keeps it for ever unless it was made beforehand. */
  addTo(api: RestApi, stageName: string): void {
    const stage = api.deploymentStage;
    const errors = new RelayLogs(this, 'Errors', this.#config, {
      logGroupName: `API-Gateway-Execution-Logs_${api.restApiId}/${stageName}`,
    });
    stage.node.addDependency(errors);
    if (this.#config.logs.gatewayRole === 'create') stage.node.addDependency(this.#accountRole(api));
  }

  /**
   * Of the whole account in this region: other APIs write their logs by it. So it outlives the stack, an ephemeral one
   * too, since the setting cannot be taken back.
   */
  #accountRole(api: RestApi): CfnAccount {
    const role = new Role(this, 'AccountRole', {
      assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
      description: 'Lets API Gateway write logs, for all APIs of the account in this region',
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(pushToLogs)],
    });
    acknowledge(role, {
      findings: [`AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${pushToLogs}]`],
      reason: 'The role serves every API of the account; AWS keeps this policy for exactly that.',
    });
    const account = new CfnAccount(this, 'Account', { cloudWatchRoleArn: role.roleArn });
    // An account that has never had an API does not take the setting.
    account.node.addDependency(api.node.defaultChild as CfnRestApi); // of a RestApi it is always that
    for (const kept of [role, account]) kept.applyRemovalPolicy(RemovalPolicy.RETAIN);
    return account;
  }
}
