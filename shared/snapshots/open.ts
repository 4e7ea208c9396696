import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { GroupId } from '../presence/ids.ts';
import { EventBus } from '../runtime/bus.ts';
import { type DynamoModule, dynamoOf } from '../runtime/dynamo.ts';
import { type EventBridgeModule, eventBridgeOf } from '../runtime/eventbridge.ts';
import { readIdKey } from '../runtime/id-key.ts';
import { once } from '../runtime/once.ts';
import { SnapshotBucket } from './bucket.ts';
import { SnapshotClaims } from './claims.ts';
import type { SnapshotPlan } from './plan.ts';
import { type S3Module, s3Of } from './s3.ts';
import { visitorDigest } from './visitor-digest.ts';

/** How the snapshots of a group are configured. */
type Settings = Omit<SnapshotPlan, 'groupid' | 'digest'> & { readonly ids: 'plain' | 'digest' };

interface OpenSettings {
  readonly RELAY_SNAPSHOTS: Readonly<Record<string, Settings>>;
  readonly RELAY_SNAPSHOT_BUCKET: string;
  readonly RELAY_SIGNAL_TABLE: string;
  readonly RELAY_BUS: string;
  readonly RELAY_ID_KEY?: string | undefined;
}

interface Clients {
  readonly s3: S3Module;
  readonly dynamodb: DynamoModule;
  readonly eventbridge: EventBridgeModule;
  readonly secretsManager: SecretsManagerClient;
}

/** What snapshots are taken with, made once per cold start. */
export function openSnapshots(settings: OpenSettings, clients: Clients) {
  const {
    RELAY_SNAPSHOTS,
    RELAY_SNAPSHOT_BUCKET: bucket,
    RELAY_SIGNAL_TABLE: table,
    RELAY_BUS: bus,
  } = settings;
  const key = once(() => readIdKey(settings.RELAY_ID_KEY ?? '', clients.secretsManager));
  return {
    bucket: new SnapshotBucket({ bucket, open: once(() => s3Of(clients.s3)) }),
    claims: new SnapshotClaims({ table, open: once(() => dynamoOf(clients.dynamodb)) }),
    bus: new EventBus({ bus, open: once(() => eventBridgeOf(clients.eventbridge)) }),

    /** Rejects for a group of which no snapshots are taken. */
    async planOf(groupid: GroupId): Promise<SnapshotPlan> {
      const group = RELAY_SNAPSHOTS[groupid];
      if (!group) throw new Error(`of group ${groupid} no snapshots are taken`);
      const { ids, ...plan } = group;
      return { groupid, ...plan, ...(ids === 'digest' && { digest: visitorDigest(await key(), groupid) }) };
    },
  };
}
