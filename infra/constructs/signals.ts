import { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { deliverVariables } from '../../shared/api/config/deliver-environment.ts';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { deliver } from '../functions.ts';
import { idKeyName, signalDeadLettersName, signalQueueName } from '../names.ts';
import { signalQueue } from '../signals.ts';
import type { RelayBus } from './bus.ts';
import type { GroupSecrets } from './group-secrets.ts';
import { withQueueAddresses } from './queue-addresses.ts';
import type { Refresh } from './refresh.ts';
import { RelayFunction } from './relay-function.ts';
import { RelayQueue } from './relay-queue.ts';
import { RelaySecret } from './relay-secret.ts';
import { removalPolicy } from './removal.ts';
import { SignalRecords } from './signal-records.ts';

interface SignalsProps {
  readonly stage: string;
  readonly config: RelayConfig;
  readonly bundles: string;
  readonly secrets: GroupSecrets;
  /** Missing where the relay gets no tokens. */
  readonly refresh: Refresh | undefined;
  /** On which it is told how they end. */
  readonly bus: RelayBus;
}

/** Signals that the relay has taken on: the queue that they are in, their records, and the function that delivers them. */
export class Signals extends Construct {
  readonly queue: RelayQueue;
  /** What cannot be delivered, and events of webhooks that make no signal. */
  readonly deadLetters: Queue;
  readonly records: SignalRecords;
  readonly idKeyName: string;
  readonly function: RelayFunction;
  readonly #idKey: Secret;

  constructor(scope: Construct, id: string, props: SignalsProps) {
    super(scope, id);
    const { stage, config } = props;
    // They hold messages that nobody else has any more.
    const kept = { removalPolicy: removalPolicy(config) };
    this.deadLetters = new RelayQueue(this, 'DeadLetters', {
      queueName: signalDeadLettersName(stage),
      retentionPeriod: Duration.seconds(signalQueue.deadLetterSeconds),
      ...kept,
    });
    this.queue = new RelayQueue(this, 'Queue', {
      queueName: signalQueueName(stage),
      visibilityTimeout: Duration.seconds(signalQueue.visibilitySeconds),
      retentionPeriod: Duration.seconds(signalQueue.retentionSeconds),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: signalQueue.receives },
      ...kept,
    });
    this.records = new SignalRecords(this, 'Records', { stage, config });
    this.idKeyName = idKeyName(stage);
    this.#idKey = this.#makeIdKey(config);
    this.function = this.#deliver(props);
  }

  /** To put signals into the queue. */
  statementOfSender(): PolicyStatement {
    return sendTo('SendSignals', this.queue);
  }

  /** To put what makes no signal, or cannot be delivered, with the dead letters. */
  statementOfParker(): PolicyStatement {
    return sendTo('Park', this.deadLetters);
  }

  /** To make the ids of signals. */
  statementOfIds(): PolicyStatement {
    return new PolicyStatement({
      sid: 'ReadIdKey',
      actions: ['secretsmanager:GetSecretValue'],
      resources: [this.#idKey.secretArn],
    });
  }

  #makeIdKey(config: RelayConfig): Secret {
    return new RelaySecret(this, 'IdKey', {
      config,
      secretName: this.idKeyName,
      description: 'What Presence Relay makes the ids of signals with; never to be changed',
      // With another length or other characters, CloudFormation would put another key.
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      withoutRotation:
        'With another key, an event that is sent again would be another one, and signal its visitor twice.',
    });
  }

  #deliver({ stage, config, bundles, secrets, refresh, bus }: SignalsProps): RelayFunction {
    const delivery = new RelayFunction(this, 'Deliver', {
      spec: deliver,
      description: 'delivers signals',
      stage,
      config,
      bundles,
      environment: withQueueAddresses((addressOf) =>
        deliverVariables(config, {
          stage,
          ...secrets.names,
          refreshQueue: refresh && addressOf(refresh.queue),
          signalQueue: addressOf(this.queue),
          deadLetters: addressOf(this.deadLetters),
          signalTable: this.records.name,
          bus: bus.name,
        }),
      ),
      statements: [
        ...secrets.statementsOfReader(),
        ...(refresh ? [refresh.statementOfAsker()] : []),
        this.statementOfSender(),
        this.statementOfParker(),
        bus.statementOfSender(),
        this.records.statementOf('GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query'),
      ],
    });
    const { batchSize } = signalQueue;
    const maxConcurrency = config.signals.concurrency;
    this.queue.feed(delivery, { batchSize, maxConcurrency, reportBatchItemFailures: true });
    return delivery;
  }
}

function sendTo(sid: string, { queueArn }: Queue): PolicyStatement {
  return new PolicyStatement({ sid, actions: ['sqs:SendMessage'], resources: [queueArn] });
}
