import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { anyOrigin } from '../../shared/api/cors.ts';
import { Problem, type ProblemCode, problemAnswer } from '../../shared/api/problem.ts';
import { unknownPath } from '../../shared/api/unknown.ts';

interface Answer {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const signature = { 'WWW-Authenticate': 'AWS4-HMAC-SHA256' };
const failed: Answer = { code: 'internal', detail: 'The relay failed.' };
const malformed: Answer = { code: 'invalid-request', detail: 'API Gateway cannot read this request.' };
const notSigned: Answer = {
  code: 'unauthenticated',
  detail: 'The call is not signed as it must be, by a key that AWS knows.',
  headers: signature,
};
const notAllowed: Answer = {
  code: 'forbidden-caller',
  detail: 'Nothing allows this caller to call the relay: its role has to be one of the configured callers.',
};
const tooMany: Answer = {
  code: 'too-many-requests',
  detail: 'More calls at once than the relay takes. It is safe to try again.',
  headers: { 'Retry-After': '1' },
};

/**
 * All that API Gateway answers by itself, in words of the contract.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
 */
const answers = {
  ACCESS_DENIED: notAllowed,
  API_CONFIGURATION_ERROR: failed,
  AUTHORIZER_CONFIGURATION_ERROR: failed,
  AUTHORIZER_FAILURE: failed,
  BAD_REQUEST_BODY: malformed,
  BAD_REQUEST_PARAMETERS: malformed,
  // All that has a type of its own stands here too. What is left are signatures: by a key that AWS does not know, in parts,
  // or something else in their place, such as the token of a caller who came from Glance.
  DEFAULT_4XX: notSigned,
  DEFAULT_5XX: failed,
  EXPIRED_TOKEN: {
    code: 'unauthenticated',
    detail: 'The signature, or the credentials that it was made with, are no longer valid.',
    headers: signature,
  },
  INTEGRATION_FAILURE: failed,
  INTEGRATION_TIMEOUT: {
    code: 'delivery-unknown',
    detail: 'The relay did not answer in time; a message may have been delivered.',
  },
  INVALID_API_KEY: notAllowed,
  INVALID_SIGNATURE: {
    code: 'unauthenticated',
    detail: 'The signature does not fit the request.',
    headers: signature,
  },
  MISSING_AUTHENTICATION_TOKEN: {
    code: 'unauthenticated',
    detail: 'The call is not signed: AWS Signature Version 4, service execute-api.',
    headers: signature,
  },
  QUOTA_EXCEEDED: tooMany,
  REQUEST_TOO_LARGE: { code: 'payload-too-large', detail: 'The request must be at most 10 MB.' },
  RESOURCE_NOT_FOUND: { code: 'not-found', detail: unknownPath().message },
  THROTTLED: tooMany,
  UNAUTHORIZED: notSigned,
  UNSUPPORTED_MEDIA_TYPE: {
    code: 'unsupported-media-type',
    detail: 'The body must be sent as application/json, in UTF-8.',
  },
  WAF_FILTERED: {
    code: 'forbidden-caller',
    detail: 'The firewall in front of the relay has refused the call.',
  },
} as const satisfies Record<string, Answer>;

/** What API Gateway calls one of its own answers; the access log has it as `answeredBy`. */
export type GatewayAnswer = keyof typeof answers;

/** Makes every answer of API Gateway itself a problem; `pages` may read it too, since it holds nothing private. */
export function addGatewayResponses(api: RestApi, { pages }: { pages: boolean }): void {
  for (const [type, { code, detail, headers }] of Object.entries<Answer>(answers)) {
    const { statusCode, body } = problemAnswer(new Problem(code, detail), '$context.requestId');
    api.addGatewayResponse(type, {
      type: ResponseType.of(type),
      statusCode: String(statusCode),
      templates: { 'application/json': body },
      responseHeaders: quoted({
        'Content-Type': 'application/problem+json',
        'Cache-Control': 'no-store',
        ...headers,
        ...(pages && anyOrigin),
      }),
    });
  }
}

/** API Gateway takes text in single quotes for itself, and all else for an expression. */
function quoted(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, `'${value}'`]));
}
