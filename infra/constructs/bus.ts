import { RemovalPolicy } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { busName } from '../names.ts';

interface RelayBusProps {
  readonly stage: string;
}

/**
 * The bus on which the relay tells what happens: how signals end, who comes and who leaves. It keeps nothing; who wants to
 * hear of it makes a rule.
 */
export class RelayBus extends Construct {
  readonly name: string;
  readonly #bus: EventBus;

  constructor(scope: Construct, id: string, { stage }: RelayBusProps) {
    super(scope, id);
    this.name = busName(stage);
    this.#bus = new EventBus(this, 'Bus', {
      eventBusName: this.name,
      description: 'What happens at Presence Relay: how signals end, who comes and who leaves',
    });
    this.#bus.applyRemovalPolicy(RemovalPolicy.DESTROY);
  }

  /** To put events on it. */
  statementOfSender(): PolicyStatement {
    return new PolicyStatement({
      sid: 'PutEvents',
      actions: ['events:PutEvents'],
      resources: [this.#bus.eventBusArn],
    });
  }
}
