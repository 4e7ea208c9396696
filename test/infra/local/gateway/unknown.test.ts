import type { APIGatewayProxyEvent } from 'aws-lambda';
import { request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { startGateway } from '../../../../infra/local/gateway/gateway.ts';
import { accept } from '../../../../shared/api/accept.ts';
import { endpoints, lookupvisitor, methodsAt } from '../../../../shared/api/endpoints.ts';
import { type HttpAnswer, Problem, problemAnswer } from '../../../../shared/api/problem.ts';
import { gatewayEvent } from '../../../support/gateway-event.ts';
import { toyFunction } from '../lambda/toy-function.ts';

/** What the local gateway says by itself. */
async function here(path: string, method: Method) {
  const { toy } = toyFunction('');
  const routes = endpoints.map((endpoint) => ({
    method: endpoint.method,
    resource: endpoint.path,
    function: toy,
    streams: false,
    isOpen: false,
  }));
  const gateway = await startGateway({ port: 0, log: () => {} });
  onTestFinished(() => gateway.close());
  gateway.serve(routes);
  const { statusCode, headers, body } = await request(`${gateway.url}${path}`, { method });
  return told({ statusCode, headers: headers as Record<string, string>, body: await body.text() });
}

/** What a function on AWS says, where API Gateway sends it such calls. */
function there(event: APIGatewayProxyEvent, endpoint: (typeof endpoints)[number] = lookupvisitor) {
  try {
    accept(endpoint, event, { groups: new Map(), callers: new Map() });
  } catch (error) {
    if (error instanceof Problem) return told(problemAnswer(error, 'request-1'));
  }
  throw new Error('it was accepted');
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS';

function told({ statusCode, headers, body }: HttpAnswer) {
  const { requestId, ...problem } = JSON.parse(body);
  const { allow, 'content-type': type, 'cache-control': caching } = headers;
  return { statusCode, allow, type, caching, problem };
}

const wrong = endpoints.flatMap((endpoint) =>
  (['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'] as const)
    .filter((method) => !methodsAt(endpoint.path).split(', ').includes(method))
    .map((method) => ({ method, endpoint })),
);

test.each(wrong)('$method $endpoint.path is told the same here and on AWS', async ({ method, endpoint }) => {
  const answer = await here(endpoint.path, method);
  expect(answer).toEqual(there(gatewayEvent({ endpoint, httpMethod: method }), endpoint));
  expect(answer).toMatchObject({
    statusCode: 405,
    allow: methodsAt(endpoint.path),
    problem: { code: 'method-not-allowed' },
  });
});

test('A path that is none is told the same here and on AWS', async () => {
  const answer = await here('/presence', 'GET');
  expect(answer).toEqual(there(gatewayEvent({ resource: '/{path+}' })));
  expect(answer).toMatchObject({ statusCode: 404, problem: { code: 'not-found' } });
});
