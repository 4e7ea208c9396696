import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { groupsWithSnapshots } from '../../shared/api/config/snapshot-environment.ts';
import { groupSnapshots } from '../../shared/api/config/snapshots.ts';
import { scheduledSnapshot } from '../../shared/snapshots/request.ts';
import { snapshot as spec } from '../functions.ts';
import { stackName } from '../names.ts';
import type { Bucket } from './bucket/server.ts';
import { startCron } from './cron.ts';
import { invokeAsynchronously } from './lambda/asynchronous.ts';
import type { LocalFunction } from './lambda/function.ts';

/** The bucket of the snapshots. On AWS, CloudFormation names it. Gives its name. */
export async function createSnapshotBucket(bucket: Bucket, stage: string): Promise<string> {
  const name = `${stackName(stage)}-snapshots`;
  await bucket.create(name);
  return name;
}

/** With snapshots of every group: those that have none of their own have one a minute. */
export function withSnapshots(config: RelayConfig): RelayConfig {
  const groups = Object.entries(config.groups).map(([id, group]) => {
    const { snapshots = eachMinute } = group;
    return [id, { ...group, snapshots }];
  });
  return { ...config, groups: Object.fromEntries(groups) };
}

const eachMinute = { ...groupSnapshots.parse({}), everyMinutes: 1 };

interface SnapshotOptions {
  readonly config: RelayConfig;
  /** The function `snapshot`. */
  readonly target: Pick<LocalFunction, 'invoke'>;
  readonly log: (line: string) => void;
}

/** Has the function take the snapshots of all groups that have some, when they are due. */
export function startSnapshots({ config, target, log }: SnapshotOptions): Disposable {
  const opened = new DisposableStack();
  const ended = new AbortController();
  opened.defer(() => ended.abort());
  // Nobody keeps what it fails with: a slot that is over cannot be taken any more.
  const onFailure = { send: () => Promise.resolve() };
  const invocation = { name: spec.name, target, onFailure, ended: ended.signal };
  for (const { id, snapshots } of groupsWithSnapshots(config)) {
    opened.use(
      startCron({
        everySeconds: snapshots.everyMinutes * 60,
        fire: (time) => {
          const event: unknown = JSON.parse(scheduledSnapshot(id, time));
          invokeAsynchronously(event, invocation).catch((error: unknown) => log(`snapshot | ${error}`));
        },
      }),
    );
  }
  return opened;
}
