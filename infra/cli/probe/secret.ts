import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { NoText, type TokenText } from './token.ts';

const limitMs = 12_000;

/** What to do about it, where that is something else than with AWS. */
interface Hints {
  /** How a token gets there. */
  readonly put: string;
  readonly missing: string;
  readonly unreachable: string;
}

export interface TokenSecretOptions {
  readonly client: SecretsManagerClient;
  /** Name or ARN. */
  readonly secret: string;
  readonly hints?: Hints;
}

/** The text of a secret in AWS Secrets Manager; each way to fail gets a sentence of its own. */
export function tokenSecret({ client, secret, hints = onAws(secret) }: TokenSecretOptions): TokenText {
  return {
    called: `secret ${secret}`,
    put: hints.put,
    async read() {
      const command = new GetSecretValueCommand({ SecretId: secret });
      const { SecretString } = await withinLimit(client.send(command)).catch(async (error: unknown) => {
        throw await explain(error, client, hints);
      });
      if (SecretString === undefined) throw new NoText('is binary, not text', hints.put);
      return SecretString;
    },
  };
}

function onAws(secret: string): Hints {
  return {
    put: `put a fresh token there: aws secretsmanager put-secret-value --secret-id ${secret} --secret-string file://token.txt`,
    missing:
      'deploy the relay first, which makes it; or is it another account (AWS_PROFILE), region (AWS_REGION) or stage (RELAY_STAGE)?',
    unreachable: 'does this machine reach AWS, at the region that is meant (AWS_REGION)?',
  };
}

/** Credentials may come from a program or a server that never answers. */
async function withinLimit<T>(reading: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('too late')), limitMs);
  try {
    return await Promise.race([reading, late]);
  } finally {
    clearTimeout(timer);
  }
}

const signIn =
  'set AWS_PROFILE, after "aws sso login" or "aws login" where that is how you sign in, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; or give the token by --token-stdin';
const setRegion = 'set AWS_REGION, or AWS_PROFILE to a profile that has a region';
const rights = 'they need secretsmanager:GetSecretValue, and kms:Decrypt if it has a key of its own';

/** By the name of what the client throws. */
const refusals: readonly { readonly names: RegExp; readonly says: string; readonly hint: string }[] = [
  {
    names: /CredentialsProvider|TokenProvider|CredentialsError/,
    says: 'cannot be read without AWS credentials',
    hint: signIn,
  },
  { names: /Expired/, says: 'cannot be read: the AWS credentials have expired', hint: signIn },
  {
    names: /UnrecognizedClient|InvalidClientTokenId|Signature|MissingAuthentication/,
    says: 'cannot be read: AWS does not know these credentials',
    hint: signIn,
  },
  { names: /AccessDenied/, says: 'may not be read with these AWS credentials', hint: rights },
  { names: /DecryptionFailure/, says: 'cannot be decrypted with these AWS credentials', hint: rights },
  {
    names: /Throttl|TooManyRequests|LimitExceeded/,
    says: 'cannot be read now: AWS has had too many requests',
    hint: 'ask again in a minute',
  },
  {
    names: /InvalidRequest/,
    says: 'cannot be read; it may be about to be deleted',
    hint: '"aws secretsmanager describe-secret" tells',
  },
  {
    names: /ValidationException/,
    says: 'has a name that AWS does not accept',
    hint: 'see "secret" in relay.config.ts',
  },
];

async function explain(
  error: unknown,
  client: SecretsManagerClient,
  { put, missing, unreachable }: Hints,
): Promise<NoText> {
  const { name, message, code } = namesOf(error);
  const told = (says: string, hint: string) => new NoText(says, hint, { cause: error });
  if (/^Region (is missing|not accepted)/.test(message))
    return told('cannot be read: no AWS region is set', setRegion);
  if (name === 'ResourceNotFoundException') {
    // AWS has but one name for a secret that was never made, and for one that was never filled.
    if (/secret value/.test(message)) return told('holds nothing yet', put);
    return told(`does not exist in ${await client.config.region()}`, missing);
  }
  const { says, hint } = refusals.find(({ names }) => names.test(name)) ?? {
    says: `could not be read: Secrets Manager did not answer (${code})`,
    hint: unreachable,
  };
  return told(says, hint);
}

function namesOf(error: unknown): { name: string; message: string; code: string } {
  if (!(error instanceof Error)) return { name: '', message: '', code: 'unknown error' };
  const { name, message } = error;
  return { name, message, code: 'code' in error && typeof error.code === 'string' ? error.code : name };
}
