import { SecretValue } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { webhookVariables } from '../../shared/api/config/webhook-environment.ts';
import type { Source } from '../../shared/webhooks/source.ts';
import { webhook } from '../functions.ts';
import { unset, webhookKeysName } from '../names.ts';
import { acknowledge } from './acknowledge.ts';
import { EventRelays } from './event-relays.ts';
import { withQueueAddresses } from './queue-addresses.ts';
import { RelayFunction } from './relay-function.ts';
import { RelaySecret } from './relay-secret.ts';
import type { Signals } from './signals.ts';
import { busSources, httpSources, inAscii, keyedSources } from './webhook-sources.ts';

interface WebhooksProps {
  readonly stage: string;
  readonly config: RelayConfig;
  readonly bundles: string;
  readonly signals: Signals;
}

/** What a source of webhooks has to prove that its requests are really its own. */
interface SourceKeys {
  readonly source: string;
  /** The name of their secret. */
  readonly name: string;
  /** What to put there. */
  readonly content: string;
  readonly secret: Secret;
}

/** Takes webhooks, over HTTP and from buses of EventBridge, and puts what becomes of them into the signal queue. */
export class Webhooks extends Construct {
  readonly function: RelayFunction;
  readonly keys: readonly SourceKeys[];
  /** Whether any source sends requests. */
  readonly hasAddress: boolean;
  /** Whether the events of any source come on a bus. */
  readonly hasBus: boolean;

  constructor(scope: Construct, id: string, { stage, config, bundles, signals }: WebhooksProps) {
    super(scope, id);
    const { concurrency } = config.webhookLimits;
    this.hasAddress = httpSources(config).length > 0;
    this.hasBus = busSources(config).length > 0;
    this.keys = keyedSources(config).map(([source, { lists }]) => this.#keysOf(source, lists, stage, config));
    this.function = new RelayFunction(this, 'Function', {
      spec: webhook,
      description: 'takes webhooks',
      stage,
      config,
      bundles,
      ...(concurrency !== 'unreserved' && { reservedConcurrency: concurrency }),
      environment: withQueueAddresses((addressOf) =>
        webhookVariables(config, {
          stage,
          keysOf: (source) => webhookKeysName(stage, source),
          signalQueue: addressOf(signals.queue),
          deadLetters: addressOf(signals.deadLetters),
          idKey: signals.idKeyName,
        }),
      ),
      statements: [
        ...this.#statementsOfKeys(),
        signals.statementOfIds(),
        signals.statementOfSender(),
        signals.statementOfParker(),
      ],
    });
    this.#acknowledge(concurrency);
    if (this.hasBus) {
      const { deadLetters } = signals;
      new EventRelays(this, 'EventRelays', { config, target: this.function, deadLetters });
    }
  }

  #acknowledge(concurrency: RelayConfig['webhookLimits']['concurrency']): void {
    acknowledge(this.function.lambda, {
      findings: ['CKV_AWS_116'],
      reason:
        'Who sends over HTTP waits for the answer, and is told to come again. Of events from a bus, those that it fails ' +
        'go to the dead letters of the signals, as the target and its event invoke configuration say.',
    });
    if (concurrency !== 'unreserved') return;
    acknowledge(this.function.lambda, {
      findings: ['CKV_AWS_115'],
      reason:
        'The configuration says that the account has no concurrency to set apart; `webhookLimits` bounds the calls.',
    });
  }

  #statementsOfKeys(): PolicyStatement[] {
    if (this.keys.length === 0) return [];
    return [
      new PolicyStatement({
        sid: 'ReadWebhookKeys',
        actions: ['secretsmanager:GetSecretValue'],
        resources: this.keys.map(({ secret }) => secret.secretArn),
      }),
    ];
  }

  #keysOf(source: string, lists: Source['lists'], stage: string, config: RelayConfig): SourceKeys {
    const name = webhookKeysName(stage, source);
    const content = contentOf(lists);
    const secret = new RelaySecret(this, `Keys-${source}`, {
      config,
      secretName: name,
      description: `Keys of the webhooks of ${source}, for Presence Relay: ${content}`,
      // A state, and no secret; it is replaced outside of CloudFormation, which leaves it alone then.
      secretStringValue: SecretValue.unsafePlainText(unset),
      withoutRotation:
        'The other side has them too, and changes them; during a change the secret holds old and new.',
    });
    return { source, name, content, secret };
  }
}

/** `{"keys": ["..."]}, keys: the signing secret of the webhook`: as `shared/webhooks/intake/keys.ts` reads it. */
function contentOf(lists: Source['lists']): string {
  const form = Object.keys(lists).map((list) => `"${list}": ["..."]`);
  const told = Object.entries(lists).map(
    ([list, { of, optional }]) => `${list}: ${of}${optional ? ' (may be left out)' : ''}`,
  );
  return inAscii(`{${form.join(', ')}}; ${told.join('; ')}`);
}
