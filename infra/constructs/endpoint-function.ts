import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { relayVariables } from '../../shared/api/config/environment.ts';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { type Endpoint, readsignal, signalvisitor } from '../../shared/api/endpoints.ts';
import type { EndpointFunctionSpec } from '../functions.ts';
import { acknowledge } from './acknowledge.ts';
import type { GroupSecrets } from './group-secrets.ts';
import { withQueueAddresses } from './queue-addresses.ts';
import type { Refresh } from './refresh.ts';
import { RelayFunction } from './relay-function.ts';
import type { Signals } from './signals.ts';

interface EndpointFunctionProps {
  readonly spec: EndpointFunctionSpec;
  readonly stage: string;
  readonly config: RelayConfig;
  readonly bundles: string;
  readonly secrets: GroupSecrets;
  /** Missing where the relay gets no tokens. */
  readonly refresh: Refresh | undefined;
  readonly signals: Signals;
}

/** A function of endpoints, with what it has to know and may do for them. */
export class EndpointFunction extends RelayFunction<EndpointFunctionSpec> {
  /** Whether it calls the Presence service at all. */
  readonly asksPresence: boolean;

  constructor(scope: Construct, id: string, { secrets, refresh, signals, ...props }: EndpointFunctionProps) {
    const everything = { secrets, refresh, signals, ...props };
    super(scope, id, {
      ...props,
      description: props.spec.endpoints.map(({ method, path }) => `${method} ${path}`).join(', '),
      environment: environmentOf(everything),
      statements: statementsOf(everything),
    });
    this.asksPresence = asksPresence(props.spec);
    acknowledge(
      this.lambda,
      {
        findings: ['CKV_AWS_115'],
        reason:
          'The limits of the stage bound its calls. What is set apart for one function is taken from all others of the ' +
          'account, and a new account has none to spare.',
      },
      {
        findings: ['CKV_AWS_116'],
        reason:
          'API Gateway waits for its answer, and the caller hears of every failure: nothing is left over.',
      },
    );
  }
}

function environmentOf({ spec, stage, config, secrets, refresh, signals }: EndpointFunctionProps) {
  const { secretOf } = secrets.names;
  const signalTable = signals.records.name;
  return withQueueAddresses((addressOf) =>
    relayVariables(config, spec, {
      stage,
      secretOf,
      refreshQueue: asksPresence(spec) && refresh ? addressOf(refresh.queue) : undefined,
      ...(serves(spec, readsignal) && { signalTable }),
      ...(serves(spec, signalvisitor) && {
        signalTable,
        signalQueue: addressOf(signals.queue),
        idKey: signals.idKeyName,
      }),
    }),
  );
}

function statementsOf({ spec, secrets, refresh, signals }: EndpointFunctionProps): PolicyStatement[] {
  const ofPresence = [...secrets.statementsOfReader(), ...(refresh ? [refresh.statementOfAsker()] : [])];
  return [
    ...(asksPresence(spec) ? ofPresence : []),
    ...(serves(spec, readsignal) ? [signals.records.statementOf('GetItem', 'UpdateItem', 'DeleteItem')] : []),
    ...(serves(spec, signalvisitor)
      ? [
          signals.statementOfSender(),
          signals.records.statementOf('GetItem', 'PutItem', 'UpdateItem'),
          signals.statementOfIds(),
        ]
      : []),
  ];
}

/** What became of a signal stands in its record; all else is asked of the Presence service. */
function asksPresence(spec: EndpointFunctionSpec): boolean {
  return !serves(spec, readsignal);
}

function serves({ endpoints }: EndpointFunctionSpec, endpoint: Endpoint): boolean {
  return endpoints.some(({ name }) => name === endpoint.name);
}
