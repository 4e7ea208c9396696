import { ResponseType } from 'aws-cdk-lib/aws-apigateway';
import { beforeAll, describe, expect, test } from 'vitest';
import { problemStatus } from '../../../shared/api/problem.ts';
import { full, resourcesOf, templateOf } from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

let template: Template;
beforeAll(() => {
  template = templateOf();
});

const types = Object.values(ResponseType).map(({ responseType }) => responseType);

function responsesOf(of: Template) {
  return resourcesOf(of, 'AWS::ApiGateway::GatewayResponse').map(([, { Properties }]) => Properties);
}

test('API Gateway has an answer of ours for everything that it says by itself', () => {
  expect(types.length).toBe(21);
  expect(
    responsesOf(template)
      .map(({ ResponseType }) => ResponseType)
      .toSorted(),
  ).toEqual(types.toSorted());
});

describe.each(types)('the answer to %s', (type) => {
  test('is a problem of the contract', () => {
    const response = responsesOf(template).find(({ ResponseType }) => ResponseType === type);
    const body = JSON.parse(response?.ResponseTemplates['application/json']);
    expect(problemStatus).toHaveProperty(body.code, body.status);
    expect(body).toMatchObject({
      type: 'about:blank',
      title: expect.stringMatching(/\w/),
      detail: expect.stringMatching(/\.$/),
      requestId: '$context.requestId',
    });
    expect(response?.StatusCode).toBe(String(body.status));
    expect(response?.ResponseParameters).toMatchObject({
      'gatewayresponse.header.Content-Type': "'application/problem+json'",
      'gatewayresponse.header.Cache-Control': "'no-store'",
    });
    expect(JSON.stringify(response?.ResponseParameters)).not.toMatch(/access-control/i);
  });

  test('may be read by pages where pages may call', () => {
    const response = responsesOf(templateOf(full)).find(({ ResponseType }) => ResponseType === type);
    expect(response?.ResponseParameters).toHaveProperty(
      ['gatewayresponse.header.access-control-allow-origin'],
      "'*'",
    );
  });
});

test.each([
  ['MISSING_AUTHENTICATION_TOKEN', 401, 'unauthenticated'],
  ['INVALID_SIGNATURE', 401, 'unauthenticated'],
  ['DEFAULT_4XX', 401, 'unauthenticated'],
  ['ACCESS_DENIED', 403, 'forbidden-caller'],
  ['THROTTLED', 429, 'too-many-requests'],
  ['REQUEST_TOO_LARGE', 413, 'payload-too-large'],
  ['INTEGRATION_TIMEOUT', 504, 'delivery-unknown'],
  ['RESOURCE_NOT_FOUND', 404, 'not-found'],
])('%s is %i %s', (type, status, code) => {
  const response = responsesOf(template).find(({ ResponseType }) => ResponseType === type);
  expect(JSON.parse(response?.ResponseTemplates['application/json'])).toMatchObject({ status, code });
});
