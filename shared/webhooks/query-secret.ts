import {
  type BodyEvent,
  type BodyOptions,
  bodyKey,
  bodyOptions,
  readBody,
  readEvents,
} from './body/generic-body.ts';
import { checkQuerySecret, queryKeyFlaw, queryName } from './proof/shared-secret.ts';
import { defineSource, type Source, type SourceOptions } from './source.ts';

export interface QuerySecretOptions extends BodyOptions {
  /** Its name: `code` in `?code=…`. */
  readonly parameter: string;
}

/**
 * Any sender that can be given an address and nothing more. Addresses stand in the logs of proxies and senders: where the
 * sender has a header to give, `headerSecret` is better.
 */
export function querySecret(options: SourceOptions<BodyEvent> & QuerySecretOptions): Source {
  return defineSource<BodyEvent, QuerySecretOptions>(
    {
      kind: 'query-secret',
      options: { parameter: queryName, ...bodyOptions },
      authentication: 'a secret in the address',
      hasReplayProtection: false,
      lists: { keys: { of: 'the value of the parameter', flaw: queryKeyFlaw } },
      authenticate: (request, { keys = [] }, _, own) => checkQuerySecret(request, own.parameter, keys),
      read: (request, own) => readEvents(readBody(request), own, bodyKey(request)),
    },
    options,
  );
}
