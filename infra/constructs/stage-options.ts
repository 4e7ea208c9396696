import {
  LogGroupLogDestination,
  type MethodDeploymentOptions,
  MethodLoggingLevel,
  type StageOptions,
} from 'aws-cdk-lib/aws-apigateway';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { type EndpointFunctionSpec, endpointFunctions } from '../functions.ts';
import { accessLogFormat } from './gateway-logs.ts';

/** How many calls the stage takes, and what it writes of them. */
export function stageOptions(
  stageName: string,
  { throttle }: RelayConfig,
  accessLog: ILogGroup,
): StageOptions {
  return {
    stageName,
    accessLogDestination: new LogGroupLogDestination(accessLog),
    accessLogFormat,
    ...methodSettings(throttle),
    methodOptions: Object.fromEntries(
      endpointFunctions.flatMap(({ endpoint, throttle: own }) =>
        own ? [[`${endpoint.path}/${endpoint.method}`, methodSettings(lower(own, throttle))]] : [],
      ),
    ),
  };
}

type Throttle = NonNullable<EndpointFunctionSpec['throttle']>;

/** The settings of one method replace those of all methods whole, so they are given whole. */
function methodSettings({ rate, burst }: Throttle): MethodDeploymentOptions {
  return {
    throttlingRateLimit: rate,
    throttlingBurstLimit: burst,
    loggingLevel: MethodLoggingLevel.ERROR,
    dataTraceEnabled: false,
    metricsEnabled: false,
    cachingEnabled: false,
  };
}

function lower(one: Throttle, other: Throttle): Throttle {
  return { rate: Math.min(one.rate, other.rate), burst: Math.min(one.burst, other.burst) };
}
