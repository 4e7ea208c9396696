import { request } from 'undici';
import { expect, test, vi } from 'vitest';
import { sendRaw, toyGateway } from './toy-gateway.ts';

const echo = 'exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event) })';

async function eventOf(path: string, options: Parameters<typeof request>[1] = {}) {
  const { url } = await toyGateway(echo);
  const { body } = await request(`${url}${path}`, options);
  return (await body.json()) as Record<string, unknown>;
}

test('The event is that of a REST API with Lambda proxy integration', async () => {
  const { url } = await toyGateway(echo);
  const { port } = new URL(url);
  const answer = await sendRaw(
    url,
    [
      'POST /toy?groupid=12345&visitorid=a%20b+c&groupid=6&flag HTTP/1.1',
      `Host: localhost:${port}`,
      'USER-Agent: toy/1',
      'X-Twice: one',
      'x-twice: two',
      'Content-Type: application/json',
      'Content-Length: 2',
      'Connection: close',
      '',
      '{}',
    ].join('\r\n'),
  );
  const event = JSON.parse(answer.split('\r\n\r\n')[1] ?? '');
  expect(event).toEqual({
    resource: '/toy',
    path: '/toy',
    httpMethod: 'POST',
    headers: {
      Host: `localhost:${port}`,
      'USER-Agent': 'toy/1',
      'X-Twice': 'two',
      'Content-Type': 'application/json',
      'Content-Length': '2',
      'X-Forwarded-For': '127.0.0.1',
      'X-Forwarded-Port': port,
      'X-Forwarded-Proto': 'http',
    },
    multiValueHeaders: {
      Host: [`localhost:${port}`],
      'USER-Agent': ['toy/1'],
      'X-Twice': ['one', 'two'],
      'Content-Type': ['application/json'],
      'Content-Length': ['2'],
      'X-Forwarded-For': ['127.0.0.1'],
      'X-Forwarded-Port': [port],
      'X-Forwarded-Proto': ['http'],
    },
    queryStringParameters: { groupid: '6', visitorid: 'a b c', flag: '' },
    multiValueQueryStringParameters: { groupid: ['12345', '6'], visitorid: ['a b c'], flag: [''] },
    pathParameters: null,
    stageVariables: null,
    requestContext: {
      resourceId: 'toy',
      resourcePath: '/toy',
      httpMethod: 'POST',
      path: '/toy',
      stage: 'local',
      apiId: 'local',
      accountId: '000000000000',
      authorizer: null,
      protocol: 'HTTP/1.1',
      domainName: 'localhost',
      domainPrefix: 'localhost',
      requestId: expect.stringMatching(/^[\da-f-]{36}$/),
      extendedRequestId: expect.stringMatching(/^[\w+/]{15}=$/),
      requestTime: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      requestTimeEpoch: expect.closeTo(Date.now(), -4),
      identity: {
        accessKey: 'ASIALOCALCALLER00000',
        accountId: '000000000000',
        apiKey: null,
        apiKeyId: null,
        caller: 'AROALOCALCALLER000000:local',
        clientCert: null,
        cognitoAuthenticationProvider: null,
        cognitoAuthenticationType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        principalOrgId: null,
        sourceIp: '127.0.0.1',
        user: 'AROALOCALCALLER000000:local',
        userAgent: 'toy/1',
        userArn: 'arn:aws:sts::000000000000:assumed-role/local-caller/local',
      },
    },
    body: Buffer.from('{}').toString('base64'),
    isBase64Encoded: true,
  });
  expect(answer).toContain(`x-amzn-requestid: ${event.requestContext.requestId}\r\n`);
});

test('Without query and body these are null', async () => {
  expect(await eventOf('/toy')).toMatchObject({
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    body: null,
    isBase64Encoded: false,
  });
});

test('Bytes that are no text arrive as they were sent', async () => {
  const bytes = Buffer.from([0, 255, 254, 13, 10, 128]);
  const event = await eventOf('/toy', { method: 'POST', body: bytes });
  expect(Buffer.from(String(event.body), 'base64')).toEqual(bytes);
});

test('A parameter in the path arrives decoded', async () => {
  expect(await eventOf('/toys/a%2Fb%20c?x=1')).toMatchObject({
    resource: '/toys/{id}',
    path: '/toys/a%2Fb%20c',
    pathParameters: { id: 'a/b c' },
    requestContext: { resourcePath: '/toys/{id}' },
  });
});

test('What belongs to one connection stays there', async () => {
  const { url } = await toyGateway(echo);
  const bytes =
    'POST /toy HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\nTE: gzip\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n';
  const answer = await sendRaw(url, bytes);
  const { headers, body } = JSON.parse(answer.split('\r\n\r\n')[1] ?? '');
  expect(Object.keys(headers)).toEqual(['Host', 'X-Forwarded-For', 'X-Forwarded-Port', 'X-Forwarded-Proto']);
  expect(atob(body)).toBe('hi');
});

test.each(['POST', 'HEAD', 'GET', 'PUT', 'DELETE', 'OPTIONS'] as const)(
  'Where any method is served, %s reaches the function as such',
  async (method) => {
    const { url, lines } = await toyGateway(`exports.handler = async ({ httpMethod, requestContext }) => {
      console.log(httpMethod, requestContext.httpMethod);
      return { statusCode: 204 };
    }`);
    expect(await request(`${url}/hooks/crm`, { method })).toMatchObject({ statusCode: 204 });
    await vi.waitFor(() => expect(lines).toEqual([`toy | ${method} ${method}`]));
  },
);

test('The answer to HEAD has the status and the headers of the function, and no body', async () => {
  const { url } = await toyGateway(
    `exports.handler = async () => ({ statusCode: 200, headers: { 'x-toy': 'yes' }, body: 'not for HEAD' })`,
  );
  const { statusCode, headers, body } = await request(`${url}/hooks/crm`, { method: 'HEAD' });
  expect([statusCode, headers['x-toy'], await body.text()]).toEqual([200, 'yes', '']);
});

test('Where anybody may call, nothing is told of who does', async () => {
  const { requestContext, ...event } = await eventOf('/hooks/crm', { method: 'POST', body: '{}' });
  expect(event).toMatchObject({ resource: '/hooks/{name}', pathParameters: { name: 'crm' } });
  expect(requestContext).toMatchObject({
    identity: { accessKey: null, accountId: null, caller: null, user: null, userArn: null },
  });
});
