import * as z from 'zod/mini';
import { Refused } from './refused.ts';
import { Secret } from './secret.ts';

const maxLength = 65_536;
const secretId = z.string().check(z.minLength(1), z.maxLength(2048));
const versionId = z.string().check(z.minLength(32), z.maxLength(64));
const label = z.string().check(z.minLength(1), z.maxLength(256));

const content = {
  ClientRequestToken: versionId,
  SecretString: z.optional(z.string().check(z.minLength(1), z.maxLength(maxLength))),
  SecretBinary: z.optional(z.base64()),
};

const inputs = {
  CreateSecret: z.object({ ...content, Name: z.string().check(z.regex(/^[\w/+=.@-]{1,512}$/)) }),
  GetSecretValue: z.object({
    SecretId: secretId,
    VersionId: z.optional(versionId),
    VersionStage: z.optional(label),
  }),
  PutSecretValue: z.object({
    ...content,
    SecretId: secretId,
    VersionStages: z._default(z.array(label).check(z.minLength(1), z.maxLength(20)), ['AWSCURRENT']),
  }),
  DescribeSecret: z.object({ SecretId: secretId }),
  DeleteSecret: z.object({
    SecretId: secretId,
    RecoveryWindowInDays: z.optional(z.int().check(z.gte(7), z.lte(30))),
    ForceDeleteWithoutRecovery: z.optional(z.boolean()),
  }),
};

type Input<Operation extends OperationName> = z.infer<(typeof inputs)[Operation]>;

type OperationName = keyof typeof inputs;

/** The operations of the service on secrets in memory. https://docs.aws.amazon.com/secretsmanager/latest/apireference/ */
export class Operations {
  readonly #secrets = new Map<string, Secret>();

  /** Throws `Refused`. */
  run(name: string, input: unknown): object {
    switch (name) {
      case 'CreateSecret':
        return this.#create(parse(name, input));
      case 'GetSecretValue':
        return this.#getValue(parse(name, input));
      case 'PutSecretValue':
        return this.#putValue(parse(name, input));
      case 'DescribeSecret':
        return this.#describe(parse(name, input));
      case 'DeleteSecret':
        return this.#delete(parse(name, input));
      default:
        throw new Refused('UnknownOperationException', `There is no operation ${name} on this machine.`);
    }
  }

  has(name: string): boolean {
    return this.#secrets.has(name);
  }

  /** Throws `Refused` where there is none. */
  current(name: string): string | undefined {
    return this.#usable(name).version(undefined, undefined).content.SecretString;
  }

  #create({ Name, ClientRequestToken, ...value }: Input<'CreateSecret'>) {
    const known = this.#secrets.get(Name);
    if (known?.deletedAt)
      throw new Refused(
        'InvalidRequestException',
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
      );
    if (known) {
      throw new Refused(
        'ResourceExistsException',
        `The operation failed because the secret ${Name} already exists.`,
      );
    }
    const secret = new Secret(Name);
    this.#secrets.set(Name, secret);
    const isEmpty = value.SecretString === undefined && value.SecretBinary === undefined;
    if (isEmpty) return { ARN: secret.arn, Name };
    secret.add(ClientRequestToken, value, ['AWSCURRENT']);
    return { ARN: secret.arn, Name, VersionId: ClientRequestToken };
  }

  #getValue({ SecretId, VersionId, VersionStage }: Input<'GetSecretValue'>) {
    const secret = this.#usable(SecretId);
    const version = secret.version(VersionId, VersionStage);
    return {
      ARN: secret.arn,
      Name: secret.name,
      VersionId: version.id,
      ...version.content,
      VersionStages: secret.labelsOf(version.id),
      CreatedDate: epochSeconds(version.createdAt),
    };
  }

  #putValue({ SecretId, ClientRequestToken, VersionStages, ...value }: Input<'PutSecretValue'>) {
    if ((value.SecretString === undefined) === (value.SecretBinary === undefined)) {
      throw new Refused('InvalidRequestException', 'You must provide either SecretString or SecretBinary.');
    }
    const secret = this.#usable(SecretId);
    secret.add(ClientRequestToken, value, VersionStages);
    return {
      ARN: secret.arn,
      Name: secret.name,
      VersionId: ClientRequestToken,
      VersionStages: secret.labelsOf(ClientRequestToken),
    };
  }

  #describe({ SecretId }: Input<'DescribeSecret'>) {
    const secret = this.#find(SecretId);
    return {
      ARN: secret.arn,
      Name: secret.name,
      CreatedDate: epochSeconds(secret.createdAt),
      LastChangedDate: epochSeconds(secret.changedAt),
      ...(secret.deletedAt && { DeletedDate: epochSeconds(secret.deletedAt) }),
      VersionIdsToStages: secret.stages,
    };
  }

  #delete(input: Input<'DeleteSecret'>) {
    const { SecretId, RecoveryWindowInDays, ForceDeleteWithoutRecovery } = input;
    if (RecoveryWindowInDays && ForceDeleteWithoutRecovery) {
      throw new Refused(
        'InvalidParameterException',
        "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
      );
    }
    const secret = this.#usable(SecretId);
    const days = ForceDeleteWithoutRecovery ? 0 : (RecoveryWindowInDays ?? 30);
    secret.deletedAt = new Date(Date.now() + days * 86_400_000);
    if (ForceDeleteWithoutRecovery) this.#secrets.delete(secret.name);
    return { ARN: secret.arn, Name: secret.name, DeletionDate: epochSeconds(secret.deletedAt) };
  }

  #find(secretId: string): Secret {
    const secret = [...this.#secrets.values()].find((one) => one.isCalled(secretId));
    if (!secret) {
      throw new Refused('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return secret;
  }

  #usable(secretId: string): Secret {
    const secret = this.#find(secretId);
    if (secret.deletedAt) {
      throw new Refused(
        'InvalidRequestException',
        "You can't perform this operation on the secret because it was marked for deletion.",
      );
    }
    return secret;
  }
}

function parse<Operation extends OperationName>(operation: Operation, input: unknown): Input<Operation> {
  const { data, error } = z.safeParse(inputs[operation], input);
  if (error) {
    const places = error.issues.map(({ path }) => path.join('.') || 'the request');
    throw new Refused('ValidationException', `Not valid: ${places.join(', ')}.`);
  }
  return data as Input<Operation>; // TypeScript does not follow the operation into the table
}

/** The protocol's timestamps. */
function epochSeconds(time: Date): number {
  return time.getTime() / 1000;
}
