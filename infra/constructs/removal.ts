import { RemovalPolicy } from 'aws-cdk-lib';
import type { RelayConfig } from '../../shared/api/config/relay.ts';

/** What holds data outlives its stack, but not a first deployment that fails. */
export function removalPolicy({ ephemeral }: Pick<RelayConfig, 'ephemeral'>): RemovalPolicy {
  return ephemeral ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
}
