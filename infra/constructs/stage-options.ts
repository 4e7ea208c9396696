import {
  LogGroupLogDestination,
  type MethodDeploymentOptions,
  MethodLoggingLevel,
  type StageOptions,
} from 'aws-cdk-lib/aws-apigateway';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { webhookPath } from '../../shared/api/webhook-path.ts';
import { type EndpointFunctionSpec, endpointFunctions } from '../functions.ts';
import { accessLogFormat } from './gateway-logs.ts';
import { httpMethods, httpSources } from './webhook-sources.ts';

/** How many calls the stage takes, and what it writes of them. */
export function stageOptions(stageName: string, config: RelayConfig, accessLog: ILogGroup): StageOptions {
  return {
    stageName,
    accessLogDestination: new LogGroupLogDestination(accessLog),
    accessLogFormat,
    ...methodSettings(config.throttle),
    methodOptions: Object.fromEntries([...ofEndpoints(config), ...ofWebhooks(config)]),
  };
}

type MethodOptions = readonly [string, MethodDeploymentOptions];

function ofEndpoints({ throttle }: RelayConfig): MethodOptions[] {
  return endpointFunctions.flatMap(({ endpoints, throttle: own }) =>
    own
      ? endpoints.map(
          ({ path, method }) => [`${path}/${method}`, methodSettings(lower(own, throttle))] as const,
        )
      : [],
  );
}

/** Of each method there is: API Gateway takes no settings of `ANY`, but applies those of the method that comes. */
function ofWebhooks(config: RelayConfig): MethodOptions[] {
  if (httpSources(config).length === 0) return [];
  return httpMethods.map((method) => [`${webhookPath}/${method}`, methodSettings(config.webhookLimits)]);
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
