import { SqsEventSource, type SqsEventSourceProps } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { RelayFunction } from './relay-function.ts';

/** A queue that is encrypted, and takes no call without TLS. */
export class RelayQueue extends Queue {
  constructor(scope: Construct, id: string, props: Omit<QueueProps, 'encryption' | 'enforceSSL'>) {
    super(scope, id, { ...props, encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true });
    acknowledge(this, {
      findings: ['CKV_AWS_27'],
      reason:
        'It is encrypted, with keys that SQS keeps (SqsManagedSseEnabled); the rule knows keys of KMS alone. Who may ' +
        'read it is a matter of IAM either way.',
    });
  }

  /** Calls a function that nobody else calls, for what is put here. */
  feed({ lambda }: RelayFunction, options: SqsEventSourceProps & { readonly maxConcurrency: number }): void {
    lambda.addEventSource(new SqsEventSource(this, options));
    acknowledge(
      lambda,
      {
        findings: ['CKV_AWS_115'],
        reason: 'A queue is its only caller, and calls no more of it at once than the event source allows.',
      },
      {
        findings: ['CKV_AWS_116'],
        reason: 'The queue that calls it keeps what it fails, and hands it on to a dead-letter queue.',
      },
    );
  }
}
