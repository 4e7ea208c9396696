import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { Vault, type Version } from '../../../shared/authorization/vault.ts';
import { readToken, TokenFault } from '../../../shared/presence/token.ts';
import { refreshToken } from '../../functions.ts';
import { functionName, npmRun } from '../../names.ts';
import { answerOf, onAws } from '../aws.ts';
import type { Place } from '../credentials/place.ts';
import { renew } from '../credentials/renew.ts';
import { type Finding, finding } from '../report.ts';
import type { DeployedGroup, DeployedRelay } from './relay.ts';
import { type Surroundings, wakeful } from './step.ts';

/** Where the tokens of a group of a relay are got. */
export function placeOf(
  { stage, refreshQueue = '' }: Pick<DeployedRelay, 'stage' | 'refreshQueue'>,
  { groupid, token, credentials = '' }: DeployedGroup,
  secretsManager = new SecretsManagerClient(onAws()),
  sqs = new SQSClient(onAws()),
): Place {
  return {
    ...{ secretsManager, sqs, credentials, token, queue: refreshQueue },
    command: npmRun(stage, `credentials -- ${groupid}`),
    log: `the log of the function ${functionName(stage, refreshToken.name)}`,
  };
}

/** The token of a group is replaced, and replaced once more: each time by another one, which the relay has tried. */
export async function refreshedTwice(
  relay: DeployedRelay,
  wanted: string | undefined,
  surroundings: Surroundings,
  place: (group: DeployedGroup) => Place = (group) => placeOf(relay, group),
): Promise<Finding> {
  const renewed = relay.groups.filter(({ credentials }) => credentials !== undefined);
  const group = renewed.find(({ groupid }) => wanted === undefined || groupid === wanted);
  if (!group || relay.refreshQueue === undefined)
    return finding(
      'warn',
      `not checked: the tokens of ${wanted === undefined ? 'all groups' : `group ${wanted}`} come from elsewhere`,
      'the relay gets those of groups that have a CredentialsSecret among the outputs of the stack',
    );
  return await twice(group, place(group), surroundings);
}

async function twice({ groupid }: DeployedGroup, place: Place, surroundings: Surroundings): Promise<Finding> {
  const { tell } = surroundings;
  const clock = wakeful(surroundings);
  const tokens = [await current(place)];
  const seconds: string[] = [];
  for (const turn of ['first', 'second']) {
    const begin = Date.now();
    const waiting = (elapsed?: number) =>
      tell(elapsed === undefined ? undefined : `a new token of group ${groupid}, the ${turn}: ${elapsed} s`);
    for await (const step of renew({ groupid, place }, { waiting, clock })) {
      if (step.verdict === 'fail') return finding('fail', `the ${turn} new token: ${step.says}`, step.hint);
    }
    seconds.push(((Date.now() - begin) / 1_000).toFixed(1));
    tokens.push(await current(place));
  }
  if (new Set(tokens.map(valueIn)).size < 3)
    return finding(
      'warn',
      `the token of group ${groupid} was asked for twice, and one was granted that was there before`,
      `does the Authorization API grant the same one for a while? Or does something else write secret ${place.token}?`,
    );
  return finding(
    'ok',
    `the token of group ${groupid} was replaced twice, each time by another one that the Presence service took: ${seconds.join(' s and ')} s`,
  );
}

function current({ secretsManager: client, token }: Place): Promise<Version> {
  return answerOf(
    `secret ${token}`,
    {
      client,
      service: 'Secrets Manager',
      deed: 'read',
      hints: { rights: 'secretsmanager:GetSecretValue, and kms:Decrypt if it has a key of its own' },
    },
    new Vault(client).current(token),
  );
}

/** Before the first token, there may be anything. */
function valueIn({ text }: Version): string {
  try {
    return readToken(text).value;
  } catch (error) {
    if (error instanceof TokenFault) return text;
    throw error;
  }
}
