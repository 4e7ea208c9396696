import { AuthorizationType, LambdaIntegration, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { webhookPath } from '../../shared/api/webhook-path.ts';
import { acknowledge } from './acknowledge.ts';
import type { RelayFunction } from './relay-function.ts';

/**
 * Opens the address of webhooks: no sender of webhooks signs for AWS, so the function itself looks whether they are of
 * their source. It answers every method, since a vendor may ask by HEAD, and others have to be told.
 */
export function addWebhookRoutes(api: RestApi, { lambda }: RelayFunction): void {
  const integration = new LambdaIntegration(lambda, { allowTestInvoke: false });
  const resource = api.root.resourceForPath(webhookPath);
  for (const name of ['POST', 'HEAD', 'ANY']) {
    const method = resource.addMethod(name, integration, { authorizationType: AuthorizationType.NONE });
    acknowledge(method, {
      findings: ['AwsSolutions-APIG4', 'CKV_AWS_59'],
      reason: 'Senders of webhooks have no credentials of AWS; the function checks the proof of each source.',
    });
  }
}
