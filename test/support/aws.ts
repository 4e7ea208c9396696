import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { type SignedRequest, signedFetch } from '../../infra/cli/signed-fetch.ts';
import { localStage } from '../../infra/names.ts';
import type { RelayUnderTest } from './relay.ts';

/** By what a program finds the AWS of this relay: that of the environment, or what a local run has in its place. */
export function awsOf({ addresses }: RelayUnderTest): Record<string, string | undefined> {
  const { queues, table, secrets } = addresses;
  if (queues === undefined) return awsOfEnvironment();
  return {
    ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
    AWS_ENDPOINT_URL_SQS: queues,
    AWS_ENDPOINT_URL_DYNAMODB: table,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets,
    RELAY_STAGE: localStage,
  };
}

export function awsOfEnvironment(): Record<string, string | undefined> {
  const names = Object.keys(process.env).filter((name) => /^(AWS_|RELAY_STAGE$|NODE_EXTRA_CA)/.test(name));
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

/** The region that the environment is about. */
export async function ownRegion(): Promise<string> {
  const sts = new STSClient({});
  const region = await sts.config.region();
  sts.destroy();
  return region;
}

interface Service {
  /** In the words of signatures, and of addresses of AWS. */
  readonly name: string;
  /** For services that have no region. */
  readonly region?: string;
}

/** One request to a service of AWS that has no client here, with the credentials of the environment. */
export async function askAws(
  { name, region }: Service,
  path: string,
  request: SignedRequest = {},
): Promise<Response> {
  const sts = new STSClient({});
  const own = region ?? (await sts.config.region());
  const { AWS_ENDPOINT_URL } = process.env;
  const host = region === undefined ? `${name}.${own}` : name;
  const address = AWS_ENDPOINT_URL || `https://${host}.amazonaws.com`;
  const credentials = await sts.config.credentials();
  sts.destroy();
  return await signedFetch({ credentials, region: own, service: name })(address + path, request);
}

/** What IAM answers to an action: XML. Throws where it refuses. */
export async function askIam(action: string, parameters: Readonly<Record<string, string>>): Promise<string> {
  const body = new URLSearchParams({ Action: action, Version: '2010-05-08', ...parameters }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await askAws({ name: 'iam', region: 'us-east-1' }, '/', { method: 'POST', headers, body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${action}: ${answer.status} ${text}`);
  return text;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** Credentials of a role that those of the environment may assume. */
export async function credentialsOf(RoleArn: string): Promise<Credentials> {
  const sts = new STSClient({});
  const { Credentials: given } = await sts.send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'acceptance' }),
  );
  sts.destroy();
  return {
    accessKeyId: given?.AccessKeyId ?? '',
    secretAccessKey: given?.SecretAccessKey ?? '',
    sessionToken: given?.SessionToken ?? '',
  };
}
