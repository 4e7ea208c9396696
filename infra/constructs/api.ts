import { Duration } from 'aws-cdk-lib';
import {
  AuthorizationType,
  type CfnRestApi,
  EndpointAccessMode,
  EndpointType,
  LambdaIntegration,
  Resource,
  ResponseTransferMode,
  RestApi,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigateway';
import { CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { stackName } from '../names.ts';
import { acknowledge } from './acknowledge.ts';
import { apiPolicy } from './api-policy.ts';
import { RelayDomain } from './domain.ts';
import type { EndpointFunction } from './endpoint-function.ts';
import { GatewayLogs } from './gateway-logs.ts';
import { addGatewayResponses } from './gateway-responses.ts';
import { addPreflight } from './preflight.ts';
import { stageOptions } from './stage-options.ts';
import { addWebhookRoutes } from './webhook-routes.ts';
import type { Webhooks } from './webhooks.ts';

interface RelayApiProps {
  readonly stage: string;
  readonly config: RelayConfig;
  readonly functions: readonly EndpointFunction[];
  /** Missing where none are configured. */
  readonly webhooks: Webhooks | undefined;
}

/** The address of the relay: every endpoint at its function, everything else at a problem that says what is wrong. */
export class RelayApi extends Construct {
  readonly rest: RestApi;
  readonly logs: GatewayLogs;
  readonly domain: RelayDomain | undefined;

  constructor(scope: Construct, id: string, { stage, config, functions, webhooks }: RelayApiProps) {
    super(scope, id);
    this.logs = new GatewayLogs(this, 'Logs', config);
    this.rest = new RestApi(this, 'Rest', {
      restApiName: stackName(stage),
      description: 'Presence Relay',
      endpointConfiguration: { types: [EndpointType.REGIONAL] },
      binaryMediaTypes: ['*/*'],
      policy: apiPolicy(config, stage),
      defaultMethodOptions: { authorizationType: AuthorizationType.IAM },
      cloudWatchRole: false,
      deployOptions: stageOptions(stage, config, this.logs.access),
    });
    refuseOldTls(this.rest);
    // The outputs of the stack tell the address in their own way.
    this.rest.node.tryRemoveChild('Endpoint');
    this.logs.addTo(this.rest, stage);
    for (const each of functions) this.#addEndpoints(each, config);
    if (webhooks?.hasAddress) addWebhookRoutes(this.rest, webhooks.function);
    this.#addEverythingElse(functions);
    addGatewayResponses(this.rest, { pages: config.cors !== undefined });
    this.domain = config.domain && new RelayDomain(this, 'Domain', { ...config.domain, api: this.rest });
    this.#addFirewall(config);
    this.#acknowledge();
  }

  /** Without a slash at its end. */
  get address(): string {
    return this.domain?.address ?? this.rest.url.replace(/\/$/, '');
  }

  #addEndpoints({ spec, lambda }: EndpointFunction, { cors }: RelayConfig): void {
    const { endpoints, timeoutSeconds } = spec;
    const integration = new LambdaIntegration(lambda, {
      allowTestInvoke: false,
      timeout: Duration.seconds(timeoutSeconds),
      ...(endpoints[0].streams && { responseTransferMode: ResponseTransferMode.STREAM }),
    });
    for (const path of new Set(endpoints.map((endpoint) => endpoint.path))) {
      const resource = this.rest.root.resourceForPath(path);
      const methods = endpoints.filter((endpoint) => endpoint.path === path).map(({ method }) => method);
      // The function tells whoever comes with another method which ones it takes.
      for (const method of [...methods, 'ANY']) resource.addMethod(method, integration);
      if (cors) addPreflight(resource, methods.join(', '), cors.origins);
    }
  }

  /**
   * Any function answers `not-found` for a path that is not its own; the first of them is as good as another. A path
   * that only leads to others, such as `/signals`, is as unknown as any.
   */
  #addEverythingElse([first]: readonly EndpointFunction[]): void {
    if (!first) return;
    const integration = new LambdaIntegration(first.lambda, { allowTestInvoke: false });
    const ways = this.rest.root.node.findAll().filter((each) => each instanceof Resource);
    const resources = [this.rest.root, ...ways, this.rest.root.addResource('{path+}')];
    for (const resource of resources)
      if (resource.node.tryFindChild('ANY') === undefined) resource.addMethod('ANY', integration);
  }

  #addFirewall({ waf }: RelayConfig): void {
    if (waf) {
      new CfnWebACLAssociation(this, 'Firewall', {
        resourceArn: this.rest.deploymentStage.stageArn,
        webAclArn: waf.webAclArn,
      });
      return;
    }
    acknowledge(this.rest.deploymentStage, {
      findings: ['AwsSolutions-APIG3'],
      reason:
        'Every method wants a signature of a configured role, but those of webhooks, which are limited and prove their ' +
        'source; `waf` puts an ACL in front where one is wished.',
    });
  }

  #acknowledge(): void {
    acknowledge(
      this.rest,
      {
        findings: ['AwsSolutions-APIG2'],
        reason: 'The functions check every request themselves, and name all of its faults.',
      },
      {
        findings: ['AwsSolutions-COG4'],
        reason: 'Callers are systems with IAM roles, and senders of webhooks have proofs of their own.',
      },
    );
    acknowledge(
      this.rest.deploymentStage,
      {
        findings: ['CKV_AWS_73'],
        reason:
          'The access log tells of every call how long API Gateway and the function took, and the id that the ' +
          'function logs it by; a trace would be a second copy of that.',
      },
      {
        findings: ['CKV_AWS_120'],
        reason:
          'Who is on the site changes by the second, and callers are granted different groups: an answer that was ' +
          'kept would be an old one, or that of somebody else.',
      },
    );
  }
}

/** Without a policy of its own, an API takes TLS 1.0. */
function refuseOldTls(api: RestApi): void {
  const resource = api.node.defaultChild as CfnRestApi; // of a RestApi it is always that
  resource.securityPolicy = SecurityPolicy.TLS13_1_2_PFS_PQ_2025_09;
  resource.endpointAccessMode = EndpointAccessMode.BASIC;
}
