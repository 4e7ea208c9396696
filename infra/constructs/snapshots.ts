import { Duration } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import {
  groupsWithSnapshots,
  snapshotVariables,
  wantsDigests,
} from '../../shared/api/config/snapshot-environment.ts';
import { snapshot } from '../functions.ts';
import { acknowledge } from './acknowledge.ts';
import type { RelayBus } from './bus.ts';
import type { GroupSecrets } from './group-secrets.ts';
import { withQueueAddresses } from './queue-addresses.ts';
import type { Refresh } from './refresh.ts';
import { RelayFunction } from './relay-function.ts';
import type { Signals } from './signals.ts';
import { SnapshotBucket } from './snapshot-bucket.ts';
import { SnapshotCatalog } from './snapshot-catalog.ts';
import { SnapshotSchedules } from './snapshot-schedules.ts';

interface SnapshotsProps {
  readonly stage: string;
  readonly config: RelayConfig;
  readonly bundles: string;
  readonly secrets: GroupSecrets;
  /** Missing where the relay gets no tokens. */
  readonly refresh: Refresh | undefined;
  /** Slots are claimed in their table, and digests made with their key. */
  readonly signals: Signals;
  readonly bus: RelayBus;
}

/** Takes snapshots of who is on the site, keeps them, and lets people ask about them. */
export class Snapshots extends Construct {
  readonly bucket: SnapshotBucket;
  readonly catalog: SnapshotCatalog;
  readonly function: RelayFunction;

  constructor(scope: Construct, id: string, props: SnapshotsProps) {
    super(scope, id);
    const { stage, config } = props;
    this.bucket = new SnapshotBucket(this, 'Kept', config);
    this.function = this.#taker(props);
    new SnapshotSchedules(this, 'Schedules', { stage, config, target: this.function });
    this.catalog = new SnapshotCatalog(this, 'Catalog', { stage, config, kept: this.bucket });
  }

  #taker(props: SnapshotsProps): RelayFunction {
    const { stage, config, bundles, secrets, refresh, signals, bus } = props;
    const taker = new RelayFunction(this, 'Function', {
      spec: snapshot,
      description: 'takes snapshots of who is on the site',
      stage,
      config,
      bundles,
      environment: withQueueAddresses((addressOf, nameOf) =>
        snapshotVariables(config, {
          stage,
          ...secrets.names,
          refreshQueue: refresh && addressOf(refresh.queue),
          signalTable: signals.records.name,
          idKey: signals.idKeyName,
          bus: bus.name,
          snapshotBucket: nameOf(this.bucket.bucket),
        }),
      ),
      statements: this.#statements(props),
    });
    taker.lambda.configureAsyncInvoke({ retryAttempts: 2, maxEventAge: Duration.hours(1) });
    if (this.bucket.emptying) taker.lambda.node.addDependency(this.bucket.emptying);
    this.bucket.acknowledgeTaker(taker);
    acknowledge(
      taker.lambda,
      {
        findings: ['CKV_AWS_115'],
        reason: 'The schedules are its only callers, and call it once for each group and time.',
      },
      {
        findings: ['CKV_AWS_116'],
        reason: 'A time that is over cannot be made up for: the next snapshot puts it down as a gap.',
      },
    );
    return taker;
  }

  #statements({ config, secrets, refresh, signals, bus }: SnapshotsProps): PolicyStatement[] {
    const groups = groupsWithSnapshots(config).map(({ id }) => id);
    return [
      ...secrets.statementsOfReader(groups),
      ...(refresh ? [refresh.statementOfAsker()] : []),
      ...this.bucket.statementsOfTaker(),
      signals.records.statementOfClaims(),
      bus.statementOfSender(),
      ...(wantsDigests(config) ? [signals.statementOfIds()] : []),
    ];
  }
}
