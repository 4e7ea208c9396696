import { Aws, Duration } from 'aws-cdk-lib';
import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import type { RelayFunction } from './relay-function.ts';
import { busSources } from './webhook-sources.ts';

interface EventRelaysProps {
  readonly config: RelayConfig;
  readonly target: RelayFunction;
  /** For events that the function does not take; it may put them there. */
  readonly deadLetters: Queue;
}

/**
 * Takes events from the partner buses of their sources, which somebody has to have associated before. Only partners can
 * put events on such a bus, and only those that name the source itself and this account are taken.
 */
export class EventRelays extends Construct {
  constructor(scope: Construct, id: string, { config, target, deadLetters }: EventRelaysProps) {
    super(scope, id);
    for (const { name, eventSource } of busSources(config)) {
      new Rule(this, name, {
        description: `Events of ${name}, for Presence Relay`,
        // A partner bus bears the name of its event source.
        eventBus: EventBus.fromEventBusName(this, `Bus-${name}`, eventSource),
        eventPattern: { source: [eventSource], account: [Aws.ACCOUNT_ID] },
        targets: [
          // Of what Lambda does not take; it is as patient as EventBridge can be.
          new LambdaFunction(target.lambda, {
            deadLetterQueue: deadLetters,
            retryAttempts: 185,
            maxEventAge: Duration.hours(24),
          }),
        ],
      });
    }
    // Of what Lambda has taken, and the function fails.
    target.lambda.configureAsyncInvoke({
      retryAttempts: 2,
      maxEventAge: Duration.hours(6),
      // The function may put messages there already; a destination of the CDK would let it do more.
      onFailure: { bind: () => ({ destination: deadLetters.queueArn }) },
    });
  }
}
