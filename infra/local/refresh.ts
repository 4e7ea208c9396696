import { setTimeout as sleep } from 'node:timers/promises';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { scheduledRequest } from '../../shared/authorization/request.ts';
import { credentialsName, refreshDeadLettersName, refreshQueueName, secretName, unset } from '../names.ts';
import { refreshQueue, renewalMinutes } from '../refresh.ts';
import { startEventSource } from './lambda/event-source.ts';
import type { LocalFunction } from './lambda/function.ts';
import type { Queue, Queues } from './queues/server.ts';
import { startSchedule } from './schedule.ts';
import type { SecretsManager } from './secrets/server.ts';

interface RefreshOptions {
  readonly stage: string;
  readonly config: RelayConfig;
  readonly secrets: SecretsManager;
  readonly queue: Queue;
  /** The function `refresh-token`. */
  readonly target: LocalFunction;
  readonly log: (line: string) => void;
}

/** The queue on which renewals are asked for, with its dead letters, as the stack makes them. */
export async function createRefreshQueue(queues: Queues, stage: string): Promise<Queue> {
  const { visibilitySeconds, retentionSeconds, receives, deadLetterSeconds } = refreshQueue;
  const fifo = { fifo: true, visibilitySeconds };
  const deadLetters = refreshDeadLettersName(stage);
  await queues.create({ ...fifo, name: deadLetters, retentionSeconds: deadLetterSeconds });
  return await queues.create({
    ...fifo,
    name: refreshQueueName(stage),
    retentionSeconds,
    deadLetters: { name: deadLetters, afterReceives: receives },
  });
}

const firstTokenMs = 10_000;

/**
 * Renews the tokens of all groups: their schedules, and the function behind the queue. The first tokens are there when
 * it is done, or it was told why not.
 */
export async function startRefresh(options: RefreshOptions): Promise<Disposable> {
  const { stage, config, secrets, queue, target, log } = options;
  const groupids = Object.keys(config.groups);
  const opened = new DisposableStack();
  const eventSource = startEventSource({
    queue,
    target,
    batchSize: 1,
    maxConcurrency: refreshQueue.concurrency,
    log,
  });
  opened.defer(() => eventSource.close());
  for (const groupid of groupids) {
    const schedule = startSchedule({
      everyMs: renewalMinutes(config.tokens.refreshMinutes, groupid) * 60_000,
      send: (time) => queue.send({ group: groupid, body: scheduledRequest(groupid, time.toISOString()) }),
      log,
    });
    opened.defer(() => schedule.close());
  }
  const end = performance.now() + firstTokenMs;
  const lacks = () => groupids.filter((id) => !hasToken(secrets, secretName(stage, id)));
  while (lacks().length > 0 && performance.now() < end) await sleep(20);
  for (const groupid of lacks())
    log(`There is no token yet for group ${groupid}; see what refresh-token says.`);
  return opened;
}

/** All that somebody has to bring for a group: what Glance grants its tokens for. */
export function putSecrets(
  secrets: SecretsManager,
  stage: string,
  groupid: number,
  credentials: object,
): void {
  secrets.put(credentialsName(stage, groupid), JSON.stringify(credentials));
  secrets.put(secretName(stage, groupid), unset);
}

function hasToken(secrets: SecretsManager, name: string): boolean {
  return secrets.current(name) !== unset;
}
