import { region } from '../local/account.ts';

/** How often the clients of AWS try, and for how long: somebody is waiting. */
const requestHandler = { connectionTimeout: 3_000, requestTimeout: 5_000, throwOnRequestTimeout: true };

/** For a client that finds its credentials and its region as every AWS program does, unless an ARN tells the region. */
export function onAws(arn?: string) {
  const ofArn = arn?.split(':')[3];
  return { maxAttempts: 2, requestHandler, ...(ofArn && { region: ofArn }) };
}

/** For a client of what `npm start` has brought up. */
export function onThisMachine(port: number) {
  return {
    endpoint: `http://127.0.0.1:${port}`,
    region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
    requestHandler,
  };
}

/** What to do about a call of that one. */
export const localHints = {
  missing: 'the local run has the groups that relay.config.ts had when it was started; start it anew',
  unreachable:
    'is the local run up? Start it by "npm start" in another terminal; --port tells of another port',
};

/** Why an AWS service did not do what it was asked: what follows the name of the thing, as in "does not exist". */
export class AwsTrouble extends Error {
  override readonly name = 'AwsTrouble';
  /** What to do about it. */
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

/** What is asked of a service, and what to do where it does not come about. */
export interface AwsCall {
  readonly client: { readonly config: { region(): Promise<string> } };
  readonly service:
    | 'Secrets Manager'
    | 'SQS'
    | 'DynamoDB'
    | 'S3'
    | 'Lambda'
    | 'CloudFormation'
    | 'STS'
    | 'Athena'
    | 'CloudWatch';
  /** As in "may not be read". */
  readonly deed: 'read' | 'written' | 'used';
  readonly hints: CallHints;
  /** How long it may take; 12 s unless given. */
  readonly limitMs?: number;
}

interface CallHints {
  /** What AWS credentials have to allow. */
  readonly rights: string;
  /** How else it would go. */
  readonly otherwise?: string;
  readonly missing?: string;
  /** How a secret without a value gets one. */
  readonly empty?: string;
  readonly unreachable?: string;
}

const usualLimitMs = 12_000;

/** What the service answers. Each way to fail gets a sentence of its own: throws `AwsTrouble`. */
export async function answerTo<T>(call: AwsCall, answer: Promise<T>): Promise<T> {
  try {
    return await withinLimit(answer, call.limitMs);
  } catch (error) {
    throw await explain(error, call);
  }
}

/** As `answerTo`; the message begins with the name of the thing: `queue x does not exist`. */
export async function answerOf<T>(thing: string, call: AwsCall, answer: Promise<T>): Promise<T> {
  try {
    return await answerTo(call, answer);
  } catch (error) {
    if (!(error instanceof AwsTrouble)) throw error;
    throw new AwsTrouble(`${thing} ${error.message}`, error.hint, { cause: error });
  }
}

/** For a command that goes no further where AWS does not do what it was asked: what to do about it is told as well. */
export async function withHint(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    throw error instanceof AwsTrouble
      ? new Error(`${error.message}; ${error.hint}`, { cause: error })
      : error;
  }
}

/** Credentials may come from a program or a server that never answers. */
async function withinLimit<T>(answer: Promise<T>, limitMs = usualLimitMs): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('too late')), limitMs);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function explain(error: unknown, call: AwsCall): Promise<AwsTrouble> {
  const { client, service, deed, hints } = call;
  const { name, message, code } = namesOf(error);
  const told = (says: string, hint: string) => new AwsTrouble(says, hint, { cause: error });
  if (/^Region (is missing|not accepted)/.test(message))
    return told(`cannot be ${deed}: no AWS region is set`, setRegion);
  // AWS has but one name for a secret that was never made, and for one that was never filled.
  if (name === 'ResourceNotFoundException' && hints.empty && /secret value/.test(message))
    return told('holds nothing yet', hints.empty);
  if (missing.test(name))
    return told(`does not exist in ${await client.config.region()}`, hints.missing ?? deploy);
  const refusal = refusals.find(({ names }) => names.test(name));
  if (refusal) return told(refusal.says(deed), refusal.hint(hints));
  return told(
    `could not be ${deed}: ${service} did not answer (${code})`,
    hints.unreachable ?? 'does this machine reach AWS, at the region that is meant (AWS_REGION)?',
  );
}

const missing = /^(ResourceNotFoundException|NoSuchBucket|QueueDoesNotExist|.*NonExistentQueue)$/;
const setRegion = 'set AWS_REGION, or AWS_PROFILE to a profile that has a region';
const deploy =
  'deploy the relay first, which makes it; or is it another account (AWS_PROFILE), region (AWS_REGION) or stage (RELAY_STAGE)?';

function signIn({ otherwise }: CallHints): string {
  const how =
    'set AWS_PROFILE, after "aws sso login" or "aws login" where that is how you sign in, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
  return otherwise ? `${how}; or ${otherwise}` : how;
}

function rights({ rights: needed }: CallHints): string {
  return `they need ${needed}`;
}

interface Refusal {
  /** By the name of what the client throws. */
  readonly names: RegExp;
  says(deed: string): string;
  hint(hints: CallHints): string;
}

const refusals: readonly Refusal[] = [
  {
    names: /CredentialsProvider|TokenProvider|CredentialsError/,
    says: (deed) => `cannot be ${deed} without AWS credentials`,
    hint: signIn,
  },
  {
    names: /Expired/,
    says: (deed) => `cannot be ${deed}: the AWS credentials have expired`,
    hint: signIn,
  },
  {
    names: /UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|Signature|MissingAuthentication/,
    says: (deed) => `cannot be ${deed}: AWS does not know these credentials`,
    hint: signIn,
  },
  { names: /AccessDenied/, says: (deed) => `may not be ${deed} with these AWS credentials`, hint: rights },
  { names: /DecryptionFailure/, says: () => 'cannot be decrypted with these AWS credentials', hint: rights },
  { names: /EncryptionFailure/, says: () => 'cannot be encrypted with these AWS credentials', hint: rights },
  {
    names: /^LimitExceeded/,
    says: (deed) => `cannot be ${deed}: it has had too many versions in a day`,
    hint: () => 'wait, up to a day, and find out what else writes it',
  },
  {
    names: /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown/,
    says: (deed) => `cannot be ${deed} now: AWS has had too many requests`,
    hint: () => 'ask again in a minute',
  },
  {
    names: /InvalidRequest/,
    says: (deed) => `cannot be ${deed}; it may be about to be deleted`,
    hint: () => '"aws secretsmanager describe-secret" tells',
  },
  {
    names: /ValidationException/,
    says: () => 'has a name that AWS does not accept',
    hint: () => 'see the ARNs in relay.config.ts',
  },
];

function namesOf(error: unknown): { name: string; message: string; code: string } {
  if (!(error instanceof Error)) return { name: '', message: '', code: 'unknown error' };
  const { name, message } = error;
  return { name, message, code: 'code' in error && typeof error.code === 'string' ? error.code : name };
}
