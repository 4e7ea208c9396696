import { Aws } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { readRole } from '../../shared/api/config/callers.ts';
import { ConfigurationError } from '../../shared/api/config/error.ts';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { httpMethods, httpSources } from './webhook-sources.ts';

/** Who is let through API Gateway: the configured roles, and everybody to the address of webhooks if there is one. */
export function apiPolicy(config: RelayConfig, stage: string): PolicyDocument {
  const hasCallers = Object.keys(config.callers).length > 0;
  const hasWebhooks = httpSources(config).length > 0;
  const policy = new PolicyDocument({
    statements: [
      ...(hasCallers ? [callersStatement(config, stage)] : []),
      ...(hasWebhooks ? [webhooksStatement(stage)] : []),
    ],
  });
  requireRoom(policy);
  return policy;
}

/**
 * Lets the configured roles through API Gateway, whether or not a policy of their own allows it; a role of another
 * account needs one as well. What each may do is checked behind it, in the `api` edge. Roles are named in a condition
 * and not as principals, since API Gateway refuses a policy with a principal that does not exist (yet).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
 */
function callersStatement({ callers }: RelayConfig, stage: string): PolicyStatement {
  const roles = Object.keys(callers).flatMap((reference) => {
    const { account = Aws.ACCOUNT_ID, name } = readRole(reference);
    const role = `arn:${Aws.PARTITION}:iam::${account}:role`;
    // With a path or without: the name alone tells roles of an account apart.
    return [`${role}/${name}`, `${role}/*/${name}`];
  });
  return new PolicyStatement({
    sid: 'ConfiguredCallers',
    effect: Effect.ALLOW,
    principals: [new AnyPrincipal()],
    actions: ['execute-api:Invoke'],
    resources: [`execute-api:/${stage}/*`],
    conditions: { ArnLike: { 'aws:PrincipalArn': roles } },
  });
}

/** With each method by its name: a `*` there would stand for any beginning of the path as well. */
function webhooksStatement(stage: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'Webhooks',
    effect: Effect.ALLOW,
    principals: [new AnyPrincipal()],
    actions: ['execute-api:Invoke'],
    resources: httpMethods.map((method) => `execute-api:/${stage}/${method}/webhooks/*`),
  });
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html */
const mostCharacters = 8_192;

function requireRoom(policy: PolicyDocument): void {
  // What CloudFormation fills in, a partition or an account, takes 12 characters at most.
  const text = JSON.stringify(policy.toJSON()).replaceAll(/\$\{Token\[[^\]]*\]\}/g, 'x'.repeat(12));
  if (text.length <= mostCharacters) return;
  throw new ConfigurationError(
    `: callers: the policy of the API would hold ${text.length} characters, and API Gateway takes ` +
      `${mostCharacters}; name fewer roles`,
  );
}
