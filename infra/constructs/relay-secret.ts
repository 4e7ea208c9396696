import { Secret, type SecretProps } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { acknowledge } from './acknowledge.ts';
import { removalPolicy } from './removal.ts';

interface RelaySecretProps extends Omit<SecretProps, 'removalPolicy'> {
  readonly config: RelayConfig;
  /** Why Secrets Manager does not rotate it. */
  readonly withoutRotation: string;
}

/** A secret that this stack makes. */
export class RelaySecret extends Secret {
  constructor(scope: Construct, id: string, { config, withoutRotation, ...props }: RelaySecretProps) {
    super(scope, id, { ...props, removalPolicy: removalPolicy(config) });
    acknowledge(
      this,
      { findings: ['AwsSolutions-SMG4'], reason: withoutRotation },
      {
        findings: ['CKV_AWS_149'],
        reason:
          'It is encrypted with the key that the account has for Secrets Manager, which no other account can use. Only ' +
          'roles of this stack that need the secret may read it; a key of its own would cost more for the same readers.',
      },
    );
  }
}
