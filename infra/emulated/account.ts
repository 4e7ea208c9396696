import { devNull } from 'node:os';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

/** An account on an AWS emulator, and how programs get at it. */
export interface EmulatedAccount {
  /** Base address of all services, without a slash at its end. */
  readonly endpoint: string;
  readonly region: string;
  readonly id: string;
  /** For clients of AWS. */
  readonly options: ClientOptions;
  /** For programs that use AWS. */
  readonly environment: Readonly<Record<string, string>>;
}

interface ClientOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** The credentials that emulators take for the owner of the account. */
const owner = { accessKeyId: 'test', secretAccessKey: 'test' };

/**
 * The account that `AWS_ENDPOINT_URL` leads to. Whatever credentials and profiles the environment has are for AWS itself,
 * and none of an emulator's business. Throws where the address is not set, is one of AWS, or does not answer.
 */
export async function emulatedAccount(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<EmulatedAccount> {
  const endpoint = readEndpoint(environment.AWS_ENDPOINT_URL);
  const region = environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION ?? 'us-east-1';
  const options = { endpoint, region, credentials: owner };
  const id = await accountAt(options);
  return { endpoint, region, id, options, environment: environmentOf(options, environment) };
}

function readEndpoint(text: string | undefined): string {
  if (!text) {
    throw new Error(
      'AWS_ENDPOINT_URL is not set: start an AWS emulator, and set it to its address, such as http://127.0.0.1:4566',
    );
  }
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol))
    throw new Error('AWS_ENDPOINT_URL: must be an http(s) address');
  if (/(^|\.)(amazonaws\.(com(\.cn)?|eu)|aws)\.?$/.test(url.hostname))
    throw new Error('AWS_ENDPOINT_URL: is AWS itself; there, use npm run deploy');
  return text.replace(/\/+$/, '');
}

async function accountAt(options: ClientOptions): Promise<string> {
  const client = new STSClient({ ...options, maxAttempts: 2 });
  try {
    const { Account } = await client.send(new GetCallerIdentityCommand({}));
    if (Account) return Account;
    throw new Error('it does not say which account it has');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message || cause.name : String(cause);
    throw new Error(
      `the AWS emulator at ${options.endpoint} does not answer as AWS would: ${why}. Is it up? With https, NODE_EXTRA_CA_CERTS has to name the file with its certificate`,
      { cause },
    );
  } finally {
    client.destroy();
  }
}

/** What the CDK, the commands of the relay and its tests look for. */
function environmentOf({ endpoint, region, credentials }: ClientOptions, own: NodeJS.ProcessEnv) {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...nothingOfAws(own),
    ...pastProxies(endpoint, own),
    ...trust(endpoint, own),
  };
}

/** What would lead programs to AWS itself, or have them show its credentials, is set to nothing. */
function nothingOfAws(own: NodeJS.ProcessEnv) {
  const endpoints = Object.keys(own).filter((name) => name.startsWith('AWS_ENDPOINT_URL_'));
  return {
    ...Object.fromEntries(endpoints.map((name) => [name, ''])),
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'false',
    AWS_SESSION_TOKEN: '',
    AWS_PROFILE: '',
    AWS_DEFAULT_PROFILE: '',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  };
}

/** The CDK trusts no other certificates than those of `AWS_CA_BUNDLE`. */
function trust(endpoint: string, { NODE_EXTRA_CA_CERTS }: NodeJS.ProcessEnv) {
  if (!endpoint.startsWith('https:') || !NODE_EXTRA_CA_CERTS) return {};
  return { NODE_EXTRA_CA_CERTS, AWS_CA_BUNDLE: NODE_EXTRA_CA_CERTS };
}

/** The CDK would ask a proxy for this machine too. */
function pastProxies(endpoint: string, { no_proxy, NO_PROXY }: NodeJS.ProcessEnv) {
  const { hostname } = new URL(endpoint);
  if (!/^(localhost|127\..*|\[::1\])$/.test(hostname)) return {};
  return { no_proxy: [no_proxy || NO_PROXY, hostname].filter(Boolean).join() };
}
