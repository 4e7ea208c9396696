import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { webhookPath } from '../../shared/api/webhook-path.ts';
import type { LocalFunctions } from './functions.ts';
import type { Route } from './gateway/routes.ts';
import type { LocalFunction } from './lambda/function.ts';

/** What the gateway serves: every endpoint, and the address of webhooks where there are sources of some. */
export function routesOf({ endpoints, webhook }: LocalFunctions, { webhooks }: RelayConfig): Route[] {
  const ofEndpoints = endpoints.flatMap(({ spec, target }) =>
    spec.endpoints.map(({ method, path, streams = false }) => ({
      method,
      resource: path,
      function: target,
      streams,
      isOpen: false,
    })),
  );
  const hasAddress = Object.values(webhooks).some(({ transport }) => transport === 'http');
  return hasAddress ? [...ofEndpoints, ...routesOfWebhooks(webhook)] : ofEndpoints;
}

/** The methods that vendors use, and for all others somebody to say so. */
function routesOfWebhooks(target: LocalFunction): Route[] {
  return ['POST', 'HEAD', 'ANY'].map((method) => ({
    method,
    resource: webhookPath,
    function: target,
    streams: false,
    isOpen: true,
  }));
}
