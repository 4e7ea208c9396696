import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { IdKey } from '../../../shared/signals/ids.ts';
import { KeysFault, readKeys } from '../../../shared/webhooks/intake/keys.ts';
import type { Keys, Source } from '../../../shared/webhooks/source.ts';
import { portsFrom } from '../../local/ports.ts';
import { localStage, webhookKeysName } from '../../names.ts';
import { type AwsCall, answerOf } from '../aws.ts';
import { localPlace, type SignalPlace } from '../signals/place.ts';

/** What `npm start` has brought up, as far as webhooks go. */
export interface LocalRelay {
  readonly place: SignalPlace;
  /** What stands before `/webhooks/…`. */
  readonly base: string;
  readonly site: string;
  readonly events: string;
}

export function localRelay(port: number): LocalRelay {
  const ports = portsFrom(port);
  const missing = 'the local run has the sources that relay.config.ts had when it was started; start it anew';
  const { hints, ...place } = localPlace(port);
  return {
    place: { ...place, ...(hints && { hints: { ...hints, missing } }) },
    base: `http://127.0.0.1:${port}`,
    site: `http://127.0.0.1:${ports.site}`,
    events: `http://127.0.0.1:${ports.events}`,
  };
}

/** The keys that the local run has for a source. Throws `AwsTrouble`, or what is wrong with them. */
export async function keysOf({ place }: LocalRelay, name: string, { lists }: Source): Promise<Keys> {
  if (Object.keys(lists).length === 0) return {};
  const SecretId = webhookKeysName(localStage, name);
  const secret = `secret ${SecretId}`;
  const answer = place.secretsManager.send(new GetSecretValueCommand({ SecretId }));
  const { SecretString = '' } = await answerOf(secret, fromSecrets(place), answer);
  try {
    return readKeys(SecretString, lists);
  } catch (error) {
    throw error instanceof KeysFault ? new Error(`${secret} ${error.message}`, { cause: error }) : error;
  }
}

/** How the local run makes its ids. Rejects with `AwsTrouble`. */
export function idsOf({ place }: LocalRelay): IdKey['idOf'] {
  const key = new IdKey({ secret: place.idKey, client: place.secretsManager });
  return (...parts) => answerOf(`secret ${place.idKey}`, fromSecrets(place), key.idOf(...parts));
}

function fromSecrets({ secretsManager: client, hints }: SignalPlace): AwsCall {
  const rights = 'secretsmanager:GetSecretValue';
  return { client, service: 'Secrets Manager', deed: 'read', hints: { rights, ...hints } };
}
