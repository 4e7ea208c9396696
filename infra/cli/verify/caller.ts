import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { type AwsCall, AwsTrouble, answerOf, onAws } from '../aws.ts';
import type { Signer } from '../signed-fetch.ts';
import type { DeployedRelay } from './relay.ts';

/** Who calls the relay. */
export interface Caller {
  readonly credentials: Signer['credentials'];
  /** The ARN of the IAM role; undefined for credentials that are of none, which no relay lets in. */
  readonly role: string | undefined;
}

/** The role that is named, or whoever the credentials at hand are. Throws `AwsTrouble`. */
export async function callerOf(
  relay: Pick<DeployedRelay, 'partition' | 'account'>,
  role: string | undefined,
  client = new STSClient(onAws()),
): Promise<Caller> {
  if (role === undefined) return await whoever(client);
  const arn = role.startsWith('arn:') ? role : `arn:${relay.partition}:iam::${relay.account}:role/${role}`;
  const call: AwsCall = {
    client,
    service: 'STS',
    deed: 'used',
    hints: { rights: 'sts:AssumeRole, and the role has to trust who they belong to' },
  };
  const assume = new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: 'presence-relay-verify' });
  const { Credentials: given } = await answerOf(`role ${arn}`, call, client.send(assume));
  const {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
  } = given ?? {};
  if (!accessKeyId || !secretAccessKey || !sessionToken)
    throw new AwsTrouble(`role ${arn} cannot be used: STS gave no credentials`, 'ask again in a minute');
  return { role: arn, credentials: { accessKeyId, secretAccessKey, sessionToken } };
}

const session = /^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role\/([\w+=,.@-]{1,64})\/[^/]+$/;

async function whoever(client: STSClient): Promise<Caller> {
  const call: AwsCall = {
    client,
    service: 'STS',
    deed: 'used',
    hints: { rights: 'sts:GetCallerIdentity' },
  };
  const { Arn = '' } = await answerOf('identity', call, client.send(new GetCallerIdentityCommand({})));
  const [, partition, account, name] = session.exec(Arn) ?? [];
  return {
    credentials: () => client.config.credentials(),
    role: name === undefined ? undefined : `arn:${partition}:iam::${account}:role/${name}`,
  };
}
