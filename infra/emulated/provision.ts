import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod/mini';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { groupId } from '../../shared/presence/ids.ts';
import { renew } from '../cli/credentials/renew.ts';
import { keyedSources } from '../constructs/webhook-sources.ts';
import { localKeys } from '../local/webhook-keys.ts';
import { credentialsName, npmRun, refreshQueueName, secretName, webhookKeysName } from '../names.ts';
import type { EmulatedAccount } from './account.ts';

interface ProvisionOptions {
  readonly account: EmulatedAccount;
  readonly stage: string;
  readonly config: RelayConfig;
  /** Of the Presence emulator's load balancer. */
  readonly presence: string;
}

const accounts = z.object({
  accounts: z.array(z.object({ groupid: z.number(), partneruserid: z.string(), apikey: z.string() })),
});

/** Whom a Presence emulator grants tokens to, for these groups. Throws where it is none, or does not serve one of them. */
export async function accountsAt(presence: string, groupids: readonly string[]) {
  const known = await fetch(`${presence}/emulator/accounts`, { signal: AbortSignal.timeout(answerMs) })
    .then(async (answer) => accounts.parse(await answer.json()).accounts)
    .catch((cause: unknown) => {
      throw new Error(`no Presence emulator answers at ${presence}; npm run emulator starts one`, { cause });
    });
  return groupids.map((groupid) => {
    const account = known.find((one) => String(one.groupid) === groupid);
    if (account) return { ...account, groupid: groupId.parse(groupid) };
    throw new Error(
      `the Presence emulator at ${presence} does not serve group ${groupid} of relay.config.ts; its --group does`,
    );
  });
}

const answerMs = 5_000;

/**
 * Brings what somebody has to bring after a first deployment: the keys of each source of webhooks, and the credentials of
 * each group, for which the relay then gets a token. Throws where none comes.
 */
export async function provision({ account, stage, config, presence }: ProvisionOptions): Promise<void> {
  const secretsManager = new SecretsManagerClient(account.options);
  const sqs = new SQSClient(account.options);
  const keys = keyedSources(config).map(([name, source]) =>
    secretsManager.send(
      new PutSecretValueCommand({
        SecretId: webhookKeysName(stage, name),
        SecretString: localKeys(name, source),
      }),
    ),
  );
  await Promise.all(keys);
  const known = await accountsAt(presence, Object.keys(config.groups));
  const tokens = known.map(async ({ groupid, ...credentials }) => {
    const place = {
      ...{ secretsManager, sqs },
      credentials: credentialsName(stage, groupid),
      token: secretName(stage, groupid),
      queue: refreshQueueName(stage),
      command: npmRun(stage, `credentials -- ${groupid}`),
      log: 'the log of the AWS emulator',
    };
    for await (const { name, verdict, says } of renew({ groupid, credentials, place }, { pollMs: 200 }))
      if (verdict === 'fail') throw new Error(`group ${groupid}: ${name}: ${says}`);
  });
  await Promise.all(tokens);
}
