import { createServer } from 'node:http';
import { json as jsonOf } from 'node:stream/consumers';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { listen } from './presence-server.ts';

/** What stands in a secret, or how the service refuses to tell. `silent`: it takes the call and says nothing. */
export type Secret = string | { error: string; status?: number } | { binary: string } | 'silent';

export interface SecretsServer extends AsyncDisposable {
  readonly url: string;
  /** Change it as you like. */
  readonly secrets: Map<string, Secret>;
  /** The name in every `GetSecretValue` so far. */
  readonly reads: readonly string[];
  /** The official client, at this server. */
  client(): SecretsManagerClient;
}

/** `GetSecretValue` of AWS Secrets Manager over its own protocol (AWS JSON 1.1), and nothing else of it. */
export async function startSecrets(secrets: Record<string, Secret>, answerMs = 0): Promise<SecretsServer> {
  const held = new Map(Object.entries(secrets));
  const reads: string[] = [];
  const server = createServer(async (request, response) => {
    const { SecretId } = (await jsonOf(request)) as { SecretId: string };
    reads.push(SecretId);
    const secret = held.get(SecretId) ?? { error: 'ResourceNotFoundException' };
    if (secret === 'silent') return;
    const { status, body } = answer(SecretId, secret);
    setTimeout(() => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    }, answerMs);
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  return {
    url,
    secrets: held,
    reads,
    client: () =>
      new SecretsManagerClient({
        endpoint: url,
        region: 'eu-west-1',
        credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
        maxAttempts: 1,
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(name: string, secret: Exclude<Secret, 'silent'>): { status: number; body: object } {
  if (typeof secret === 'string') return { status: 200, body: { Name: name, SecretString: secret } };
  if ('binary' in secret) return { status: 200, body: { Name: name, SecretBinary: secret.binary } };
  const { error, status = 400 } = secret;
  return { status, body: { __type: error, Message: `${error}: told by the test` } };
}
