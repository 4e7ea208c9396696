import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { refreshVariables } from '../../shared/api/config/environment.ts';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { refreshToken } from '../functions.ts';
import { refreshDeadLettersName, refreshQueueName, refreshUndeliveredName } from '../names.ts';
import { refreshQueue } from '../refresh.ts';
import { acknowledge } from './acknowledge.ts';
import type { GroupSecrets } from './group-secrets.ts';
import { RefreshSchedules } from './refresh-schedules.ts';
import { RelayFunction } from './relay-function.ts';
import { RelayQueue } from './relay-queue.ts';

interface RefreshProps {
  readonly stage: string;
  readonly config: RelayConfig;
  readonly bundles: string;
  readonly secrets: GroupSecrets;
}

/** Gets the tokens of the groups: schedules and functions ask for them on a queue, and one function goes for them. */
export class Refresh extends Construct {
  readonly queue: RelayQueue;
  /** Requests that the function failed again and again. */
  readonly deadLetters: Queue;
  /** What the schedules could not put into the queue. */
  readonly undelivered: Queue;
  readonly function: RelayFunction;
  readonly groupids: readonly string[];

  constructor(scope: Construct, id: string, { stage, config, bundles, secrets }: RefreshProps) {
    super(scope, id);
    this.groupids = secrets.renewed.map(({ groupid }) => groupid);
    this.deadLetters = new RelayQueue(this, 'DeadLetters', {
      queueName: refreshDeadLettersName(stage),
      fifo: true,
      retentionPeriod: Duration.seconds(refreshQueue.deadLetterSeconds),
      removalPolicy,
    });
    this.queue = new RelayQueue(this, 'Queue', {
      queueName: refreshQueueName(stage),
      fifo: true,
      contentBasedDeduplication: true,
      visibilityTimeout: Duration.seconds(refreshQueue.visibilitySeconds),
      retentionPeriod: Duration.seconds(refreshQueue.retentionSeconds),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: refreshQueue.receives },
      removalPolicy,
    });
    this.undelivered = this.#undelivered(stage);
    this.function = new RelayFunction(this, 'Function', {
      spec: refreshToken,
      description: 'gets the tokens of the groups',
      stage,
      config,
      bundles,
      environment: refreshVariables(config, { stage, ...secrets.names }),
      statements: secrets.statementsOfRenewer(),
    });
    // It is the limit, so none of the account's concurrency is reserved. Of one message at a time, the function need not
    // say which failed.
    const { concurrency } = refreshQueue;
    this.queue.feed(this.function, { batchSize: 1, maxConcurrency: concurrency });
    new RefreshSchedules(this, 'Schedules', {
      stage,
      config,
      secrets,
      queue: this.queue,
      deadLetters: this.undelivered,
      consumer: this.function,
    });
  }

  /** What a function needs to ask for a token. */
  statementOfAsker(): PolicyStatement {
    return new PolicyStatement({
      sid: 'AskForTokens',
      actions: ['sqs:SendMessage'],
      resources: [this.queue.queueArn],
    });
  }

  /** The Scheduler takes no FIFO queue for this. */
  #undelivered(stage: string): Queue {
    const queue = new RelayQueue(this, 'Undelivered', {
      queueName: refreshUndeliveredName(stage),
      retentionPeriod: Duration.seconds(refreshQueue.deadLetterSeconds),
      removalPolicy,
    });
    acknowledge(queue, {
      findings: ['AwsSolutions-SQS3'],
      reason: 'It is a dead-letter queue itself: that of the schedules.',
    });
    return queue;
  }
}

/** A request holds no data, and can be made anew at any time: the queues go with the stack. */
const removalPolicy = RemovalPolicy.DESTROY;
