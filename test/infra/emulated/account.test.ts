import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { devNull } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { emulatedAccount } from '../../../infra/emulated/account.ts';

/** Speaks as much of STS as it takes. */
async function emulator(body: string): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/xml' });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // of a server on a port
}

const identity = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
  <Arn>arn:aws:iam::123456789012:root</Arn><UserId>1</UserId><Account>123456789012</Account>
  </GetCallerIdentityResult></GetCallerIdentityResponse>`;

test('the account of an emulator is found by its address, and what programs need is told', async () => {
  const endpoint = await emulator(identity);
  const account = await emulatedAccount({ AWS_ENDPOINT_URL: `${endpoint}/`, AWS_REGION: 'eu-west-1' });
  expect(account).toMatchObject({ endpoint, region: 'eu-west-1', id: '123456789012' });
  expect(account.environment).toMatchObject({ AWS_ENDPOINT_URL: endpoint, AWS_REGION: 'eu-west-1' });
});

test('credentials and profiles of AWS itself are none of its business', async () => {
  const endpoint = await emulator(identity);
  const own = { AWS_ACCESS_KEY_ID: 'AKIAREAL', AWS_SECRET_ACCESS_KEY: 'real', AWS_SESSION_TOKEN: 'real' };
  const { environment, options } = await emulatedAccount({
    ...own,
    AWS_PROFILE: 'acme',
    AWS_ENDPOINT_URL: endpoint,
  });
  expect(JSON.stringify({ environment, options })).not.toMatch(/real|acme/i);
  expect(environment).toMatchObject({ AWS_PROFILE: '', AWS_SESSION_TOKEN: '' });
});

test('nothing that is set for AWS itself leads anybody past the emulator', async () => {
  const endpoint = await emulator(identity);
  const { environment } = await emulatedAccount({
    ...{ AWS_ENDPOINT_URL: endpoint, AWS_ENDPOINT_URL_SQS: 'https://sqs.eu-west-1.amazonaws.com' },
    ...{ AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true', AWS_CONFIG_FILE: '/own', AWS_DEFAULT_PROFILE: 'acme' },
  });
  expect(environment).toMatchObject({
    ...{ AWS_ENDPOINT_URL_SQS: '', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'false', AWS_DEFAULT_PROFILE: '' },
    ...{ AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull },
  });
});

test('no proxy stands between programs and an emulator on this machine', async () => {
  const endpoint = await emulator(identity);
  const around = async (own: object) =>
    (await emulatedAccount({ AWS_ENDPOINT_URL: endpoint, ...own })).environment.no_proxy;
  expect(await around({})).toBe('127.0.0.1');
  expect(await around({ NO_PROXY: 'intra.example' })).toBe('intra.example,127.0.0.1');
  expect(await around({ NO_PROXY: 'intra.example', no_proxy: 'a.example,b.example' })).toBe(
    'a.example,b.example,127.0.0.1',
  );
});

test('the CDK trusts the certificate that Node does', async () => {
  const endpoint = await emulator(identity);
  const { environment } = await emulatedAccount({
    AWS_ENDPOINT_URL: endpoint,
    NODE_EXTRA_CA_CERTS: '/c.pem',
  });
  expect(environment).not.toHaveProperty('AWS_CA_BUNDLE');
});

test.for([
  [undefined, 'AWS_ENDPOINT_URL is not set'],
  ['', 'AWS_ENDPOINT_URL is not set'],
  ['localhost:4566', 'must be an http(s) address'],
  ['https://sts.us-east-1.amazonaws.com', 'is AWS itself'],
  ['https://cloudformation.cn-north-1.amazonaws.com.cn', 'is AWS itself'],
  ['https://lambda.us-east-1.api.aws', 'is AWS itself'],
  ['https://sqs.eusc-de-east-1.amazonaws.eu', 'is AWS itself'],
  ['HTTPS://S3.AMAZONAWS.COM.', 'is AWS itself'],
  ['https://amazonaws.com', 'is AWS itself'],
])('an address of %s is refused', async ([AWS_ENDPOINT_URL, reason]) => {
  await expect(
    emulatedAccount({ ...(AWS_ENDPOINT_URL !== undefined && { AWS_ENDPOINT_URL }) }),
  ).rejects.toThrow(reason);
});

test('what does not answer as AWS would is told as that', async () => {
  const silent = await emulator('hello');
  await expect(emulatedAccount({ AWS_ENDPOINT_URL: silent })).rejects.toThrow(
    `the AWS emulator at ${silent} does not answer as AWS would: `,
  );
  await expect(emulatedAccount({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' })).rejects.toThrow('Is it up?');
});
