import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { startSecretsManager } from '../../infra/local/secrets/server.ts';
import { type AwsCall, type AwsGate, startAwsGate } from './aws-gate.ts';

interface SecretsCall {
  readonly operation: string;
  /** Its name. */
  readonly secret: string;
  /** The labels that are put on a version, or by which it is asked for. */
  readonly labels: readonly string[];
}

export interface GatedSecrets extends AsyncDisposable {
  readonly gate: AwsGate<SecretsCall>;
  /** How often it was called through the gate. */
  count(operation: string, secret?: string): number;
  /** Makes this the current value. */
  put(secret: string, value: string): void;
  create(secret: string, content?: { SecretString?: string; SecretBinary?: Uint8Array }): Promise<void>;
  /** The current version, or the one with that label. Throws where there is none. */
  version(secret: string, label?: string): Promise<{ id: string; text: string }>;
  /** The labels of every version. */
  labels(secret: string): Promise<Record<string, string[]>>;
  /** The client as it comes, at the gate. */
  client(): SecretsManagerClient;
}

/** A whole Secrets Manager with a gate before it. What the test itself does here passes by the gate. */
export async function startGatedSecrets(): Promise<GatedSecrets> {
  const secrets = await startSecretsManager({ port: 0 });
  const gate = await startAwsGate(secrets.url, secretsCall);
  const clients: SecretsManagerClient[] = [];
  const clientAt = (endpoint: string) => {
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const client = new SecretsManagerClient({ endpoint, region: 'us-east-1', credentials });
    clients.push(client);
    return client;
  };
  const own = clientAt(secrets.url);
  return {
    gate,
    count: (operation, secret) =>
      gate.calls.filter((call) => call.operation === operation && (secret ?? call.secret) === call.secret)
        .length,
    put: (secret, value) => secrets.put(secret, value),
    async create(Name, content = {}) {
      await own.send(new CreateSecretCommand({ Name, ...content }));
    },
    async version(SecretId, VersionStage = 'AWSCURRENT') {
      const read = new GetSecretValueCommand({ SecretId, VersionStage });
      const { VersionId = '', SecretString = '' } = await own.send(read);
      return { id: VersionId, text: SecretString };
    },
    async labels(SecretId) {
      const { VersionIdsToStages = {} } = await own.send(new DescribeSecretCommand({ SecretId }));
      return VersionIdsToStages;
    },
    client: () => clientAt(gate.url),
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      await gate[Symbol.asyncDispose]();
      await secrets.close();
    },
  };
}

function secretsCall({ operation, input }: AwsCall): SecretsCall {
  const { SecretId, VersionStage = 'AWSCURRENT', VersionStages = [VersionStage] } = input;
  return { operation, secret: String(SecretId), labels: [VersionStages].flat().map(String) };
}
