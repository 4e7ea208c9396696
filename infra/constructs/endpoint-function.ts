import type { Construct } from 'constructs';
import { relayVariables } from '../../shared/api/config/environment.ts';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import type { EndpointFunctionSpec } from '../functions.ts';
import { refreshQueueName } from '../names.ts';
import type { GroupSecrets } from './group-secrets.ts';
import type { Refresh } from './refresh.ts';
import { RelayFunction } from './relay-function.ts';

interface EndpointFunctionProps {
  readonly spec: EndpointFunctionSpec;
  readonly stage: string;
  readonly config: RelayConfig;
  readonly bundles: string;
  readonly secrets: GroupSecrets;
  /** Missing where the relay gets no tokens. */
  readonly refresh: Refresh | undefined;
}

/** The function of an endpoint: reads tokens, and asks for new ones where the relay gets them. */
export class EndpointFunction extends RelayFunction<EndpointFunctionSpec> {
  constructor(scope: Construct, id: string, { secrets, refresh, ...props }: EndpointFunctionProps) {
    const { path, method } = props.spec.endpoint;
    super(scope, id, {
      ...props,
      description: `${method} ${path}`,
      environment: environmentOf({ secrets, refresh, ...props }),
      statements: [...secrets.statementsOfReader(), ...(refresh ? [refresh.statementOfAsker()] : [])],
    });
  }
}

function environmentOf({ spec, stage, config, secrets, refresh }: EndpointFunctionProps) {
  const names = { stage, ...secrets.names };
  if (!refresh) return relayVariables(config, spec.endpoint, { ...names, refreshQueue: undefined });
  // CloudFormation fills the address in; there has to be room for one that is as long as in any region.
  const longest = `https://sqs.ap-northeast-1.amazonaws.com.cn/111122223333/${refreshQueueName(stage)}`;
  const variables = relayVariables(config, spec.endpoint, { ...names, refreshQueue: longest });
  return { ...variables, RELAY_REFRESH_QUEUE: refresh.queue.queueUrl };
}
