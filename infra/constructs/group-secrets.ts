import { Aws, SecretValue } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { DeployedNames } from '../../shared/api/config/environment.ts';
import { type ConfiguredGroup, isRenewed } from '../../shared/api/config/groups.ts';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { credentialsName, secretName, unset } from '../names.ts';
import { RelaySecret } from './relay-secret.ts';

/** A secret that this stack makes, or that the configuration names. */
interface SecretReference {
  /** As a function asks for it: the name of a secret of this stack, the ARN of another. */
  readonly name: string;
  readonly arn: string;
  readonly keyArn: string | undefined;
  /** Made by this stack. */
  readonly isOwn: boolean;
}

interface SecretsOfGroup {
  readonly groupid: string;
  readonly token: SecretReference;
  /** Missing where somebody else puts the tokens. */
  readonly credentials: SecretReference | undefined;
}

/** A group whose tokens the relay gets. */
export interface SecretsOfRenewedGroup extends SecretsOfGroup {
  readonly credentials: SecretReference;
}

interface GroupSecretsProps {
  readonly stage: string;
  readonly config: RelayConfig;
}

/** The secrets of each group, made here or named by the configuration: its token, and what Glance grants it for. */
export class GroupSecrets extends Construct {
  readonly all: readonly SecretsOfGroup[];
  readonly renewed: readonly SecretsOfRenewedGroup[];
  readonly #config: RelayConfig;

  constructor(scope: Construct, id: string, { stage, config }: GroupSecretsProps) {
    super(scope, id);
    this.#config = config;
    this.all = Object.entries(config.groups).map(([groupid, group]) =>
      this.#secretsOf(groupid, group, stage),
    );
    this.renewed = this.all.flatMap(({ credentials, ...secrets }) =>
      credentials ? [{ ...secrets, credentials }] : [],
    );
  }

  /** How a function asks for them. */
  get names(): Pick<DeployedNames, 'secretOf' | 'credentialsOf'> {
    const nameOf = (kind: 'token' | 'credentials') => (groupid: string) => {
      const secret = this.all.find((each) => each.groupid === groupid)?.[kind];
      if (!secret) throw new Error(`there is no secret with the ${kind} of group ${groupid}`);
      return secret.name;
    };
    return { secretOf: nameOf('token'), credentialsOf: nameOf('credentials') };
  }

  /** What a function that asks the Presence service needs: to read tokens, of all groups unless some are named. */
  statementsOfReader(groupids?: readonly string[]): PolicyStatement[] {
    const tokens = this.all
      .filter(({ groupid }) => groupids?.includes(groupid) ?? true)
      .map(({ token }) => token);
    return [
      allow('ReadTokens', ['secretsmanager:GetSecretValue'], tokens),
      ...allowKeys('DecryptTokens', ['kms:Decrypt'], tokens),
    ];
  }

  /** What the function that gets the tokens needs: to read credentials, and to replace tokens. */
  statementsOfRenewer(): PolicyStatement[] {
    const credentials = this.renewed.map((secrets) => secrets.credentials);
    const tokens = this.renewed.map(({ token }) => token);
    return [
      allow('ReadCredentials', ['secretsmanager:GetSecretValue'], credentials),
      allow('ReplaceTokens', ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'], tokens),
      ...allowKeys('DecryptCredentials', ['kms:Decrypt'], credentials),
      ...allowKeys('EncryptTokens', ['kms:Decrypt', 'kms:GenerateDataKey'], tokens),
    ];
  }

  #secretsOf(groupid: string, group: ConfiguredGroup, stage: string): SecretsOfGroup {
    const token =
      existing(group.secret) ??
      this.#make(groupid, {
        name: secretName(stage, groupid),
        description: `Glance token of group ${groupid}, for Presence Relay`,
        withoutRotation:
          'A Glance token lives two hours at most. Rotation by Secrets Manager cannot go below four, and needs a pending ' +
          'version that one failure blocks; the function refresh-token replaces it instead.',
      });
    if (!isRenewed(group)) return { groupid, token, credentials: undefined };
    const credentials =
      existing(group.credentials) ??
      this.#make(`${groupid}Credentials`, {
        name: credentialsName(stage, groupid),
        description: `Glance credentials of group ${groupid}, for Presence Relay`,
        withoutRotation:
          'They are of an account at Glance, changed by whoever owns it; no API of Glance changes them.',
      });
    return { groupid, token, credentials };
  }

  #make(id: string, { name, description, withoutRotation }: OwnSecret): SecretReference {
    const secret = new RelaySecret(this, id, {
      config: this.#config,
      secretName: name,
      description,
      // A state, and no secret; it is replaced outside of CloudFormation, which leaves it alone then.
      secretStringValue: SecretValue.unsafePlainText(unset),
      withoutRotation,
    });
    return { name, arn: secret.secretArn, keyArn: undefined, isOwn: true };
  }
}

interface OwnSecret {
  readonly name: string;
  readonly description: string;
  /** Why Secrets Manager does not rotate it. */
  readonly withoutRotation: string;
}

function existing(secret: ConfiguredGroup['secret']): SecretReference | undefined {
  return secret && { name: secret.arn, arn: secret.arn, keyArn: secret.keyArn, isOwn: false };
}

function allow(sid: string, actions: string[], secrets: readonly SecretReference[]): PolicyStatement {
  return new PolicyStatement({ sid, actions, resources: [...new Set(secrets.map(({ arn }) => arn))] });
}

/** The keys of these secrets, through Secrets Manager alone; nothing where none of them has one. */
function allowKeys(sid: string, actions: string[], secrets: readonly SecretReference[]): PolicyStatement[] {
  const keys = [...new Set(secrets.flatMap(({ keyArn }) => keyArn ?? []))];
  if (keys.length === 0) return [];
  const conditions = {
    StringEquals: { 'kms:ViaService': `secretsmanager.${Aws.REGION}.${Aws.URL_SUFFIX}` },
  };
  return [new PolicyStatement({ sid, actions, resources: keys, conditions })];
}
