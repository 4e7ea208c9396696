import { Aws, SecretValue, Validations } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { secretName } from '../names.ts';
import { removalPolicy } from './removal.ts';

interface TokenSecret {
  readonly groupid: string;
  /** As a function asks for it: the name of a secret of this stack, the ARN of another. */
  readonly name: string;
  readonly arn: string;
  readonly keyArn: string | undefined;
  /** Made by this stack. */
  readonly isOwn: boolean;
}

interface TokenSecretsProps {
  readonly stage: string;
  readonly config: RelayConfig;
}

/** One secret per group, that holds its Glance token: made here, or named by the configuration. */
export class TokenSecrets extends Construct {
  readonly all: readonly TokenSecret[];

  constructor(scope: Construct, id: string, { stage, config }: TokenSecretsProps) {
    super(scope, id);
    this.all = Object.entries(config.groups).map(([groupid, { secret }]) =>
      secret
        ? { groupid, name: secret.arn, arn: secret.arn, keyArn: secret.keyArn, isOwn: false }
        : this.#make(groupid, secretName(stage, groupid), config),
    );
  }

  nameOf(groupid: string): string {
    const secret = this.all.find((each) => each.groupid === groupid);
    if (!secret) throw new Error(`there is no secret of group ${groupid}`);
    return secret.name;
  }

  /** What a function needs to read them, and nothing else. */
  readStatements(): PolicyStatement[] {
    const keys = this.all.flatMap(({ keyArn }) => keyArn ?? []);
    const read = new PolicyStatement({
      sid: 'ReadTokens',
      effect: Effect.ALLOW,
      actions: ['secretsmanager:GetSecretValue'],
      resources: this.all.map(({ arn }) => arn),
    });
    if (keys.length === 0) return [read];
    const decrypt = new PolicyStatement({
      sid: 'DecryptTokens',
      effect: Effect.ALLOW,
      actions: ['kms:Decrypt'],
      resources: [...new Set(keys)],
      conditions: {
        StringEquals: { 'kms:ViaService': `secretsmanager.${Aws.REGION}.${Aws.URL_SUFFIX}` },
      },
    });
    return [read, decrypt];
  }

  #make(groupid: string, name: string, config: RelayConfig): TokenSecret {
    const secret = new Secret(this, groupid, {
      secretName: name,
      description: `Glance token of group ${groupid}, for Presence Relay`,
      // A state, and no token; it is replaced outside of CloudFormation, which leaves it alone then.
      secretStringValue: SecretValue.unsafePlainText('{"state":"unset"}'),
      removalPolicy: removalPolicy(config),
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'A Glance token lives two hours at most, and rotation by Secrets Manager cannot go below four; it is replaced from outside.',
    });
    return { groupid, name, arn: secret.secretArn, keyArn: undefined, isOwn: true };
  }
}
