import {
  AuthorizationType,
  ContentHandling,
  MockIntegration,
  PassthroughBehavior,
  type Resource,
} from 'aws-cdk-lib/aws-apigateway';
import { preflightAnswer } from '../../shared/api/cors.ts';
import { acknowledge } from './acknowledge.ts';

const statusCode = '204';
const allowOrigin = 'access-control-allow-origin';

/**
 * Answers what a browser asks before it sends a page's signed call. It asks unsigned, so this method alone is open:
 * API Gateway answers it by itself, always the same. `methods` are those of the path: `GET, DELETE`.
 */
export function addPreflight(resource: Resource, methods: string, origins: readonly string[]): void {
  const headers = Object.entries(preflightAnswer(methods));
  const integration = new MockIntegration({
    requestTemplates: { 'application/json': `{"statusCode":${statusCode}}` },
    passthroughBehavior: PassthroughBehavior.NEVER,
    // With every media type binary, templates see nothing unless it is made text first.
    contentHandling: ContentHandling.CONVERT_TO_TEXT,
    integrationResponses: [
      {
        statusCode,
        responseParameters: Object.fromEntries(
          headers.map(([name, value]) => [`method.response.header.${name}`, `'${value}'`]),
        ),
        responseTemplates: { 'application/json': originTemplate(origins) },
      },
    ],
  });
  const told = [...headers.map(([name]) => name), allowOrigin];
  const preflight = resource.addMethod('OPTIONS', integration, {
    authorizationType: AuthorizationType.NONE,
    methodResponses: [
      {
        statusCode,
        responseParameters: Object.fromEntries(told.map((name) => [`method.response.header.${name}`, true])),
      },
    ],
  });
  acknowledge(preflight, {
    findings: ['AwsSolutions-APIG4'],
    reason:
      'A browser cannot sign a preflight; it reaches no function and tells nothing but the configured origins.',
  });
}

/** In the language of API Gateway's templates: repeats the origin if it is one of the list, and says nothing else. */
function originTemplate(origins: readonly string[]): string {
  const isAllowed = origins.map((origin) => `$origin == "${origin}"`).join(' || ');
  return [
    '#set($headers = $input.params().header)',
    '#set($origin = $headers.get("Origin"))',
    '#if(!$origin || $origin == "")#set($origin = $headers.get("origin"))#end',
    `#if(${isAllowed})#set($context.responseOverride.header.${allowOrigin} = $origin)#end`,
  ].join('\n');
}
