import { randomBytes } from 'node:crypto';
import { accountId, region } from '../account.ts';
import { Refused } from './refused.ts';

/** What a version holds: one of the two. `SecretBinary` stays in base64, as it came. */
export interface SecretContent {
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: string | undefined;
}

interface Version {
  readonly id: string;
  readonly content: SecretContent;
  readonly createdAt: Date;
}

/** One secret with its versions and their staging labels, which move as AWS moves them. */
export class Secret {
  readonly name: string;
  readonly arn: string;
  readonly createdAt = new Date();
  changedAt = this.createdAt;
  deletedAt: Date | undefined;
  readonly #versions = new Map<string, Version>();
  readonly #labels = new Map<string, string>();

  constructor(name: string) {
    this.name = name;
    const suffix = randomBytes(9).toString('base64').replaceAll(/[+/]/g, 'x').slice(0, 6);
    this.arn = `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}-${suffix}`;
  }

  /** By name, whole ARN, or ARN without the six characters at its end. */
  isCalled(secretId: string): boolean {
    return [this.name, this.arn, this.arn.slice(0, -7)].includes(secretId);
  }

  /** The same content under the same id again changes nothing. */
  add(id: string, content: SecretContent, labels: readonly string[]): void {
    const known = this.#versions.get(id);
    if (known && !isSame(known.content, content)) {
      throw new Refused(
        'ResourceExistsException',
        `You can't use ClientRequestToken ${id} because that value is already in use for a version of secret ${this.arn}.`,
      );
    }
    if (known) return;
    this.changedAt = new Date();
    this.#versions.set(id, { id, content, createdAt: this.changedAt });
    // The first version is the current one, whatever is asked for.
    const isFirst = !this.#labels.has('AWSCURRENT');
    for (const label of new Set(isFirst ? [...labels, 'AWSCURRENT'] : labels)) this.#moveLabel(label, id);
  }

  version(id: string | undefined, label: string | undefined): Version {
    const wanted = id ?? this.#labels.get(label ?? 'AWSCURRENT');
    const found = this.#versions.get(wanted ?? '');
    if (!found) {
      const which = id ? `VersionId: ${id}` : `staging label: ${label ?? 'AWSCURRENT'}`;
      throw new Refused(
        'ResourceNotFoundException',
        `Secrets Manager can't find the specified secret value for ${which}`,
      );
    }
    if (label && !this.labelsOf(found.id).includes(label)) {
      throw new Refused(
        'InvalidRequestException',
        'You provided a VersionStage that is not associated to the provided VersionId.',
      );
    }
    return found;
  }

  labelsOf(id: string): string[] {
    return [...this.#labels].filter(([, labelled]) => labelled === id).map(([label]) => label);
  }

  /** The labels of every version that has any. */
  get stages(): Record<string, string[]> {
    return Object.fromEntries(Map.groupBy(this.#labels.keys(), (label) => this.#labels.get(label)));
  }

  /** The version that was current until now becomes the previous one. */
  #moveLabel(label: string, id: string): void {
    const before = this.#labels.get(label);
    if (label === 'AWSCURRENT' && before) this.#labels.set('AWSPREVIOUS', before);
    this.#labels.set(label, id);
  }
}

function isSame(one: SecretContent, other: SecretContent): boolean {
  return one.SecretString === other.SecretString && one.SecretBinary === other.SecretBinary;
}
