import {
  type BodyEvent,
  type BodyOptions,
  bodyKey,
  bodyOptions,
  readBody,
  readEvents,
} from './body/generic-body.ts';
import { basicKeys, basicVerdict } from './proof/basic-auth.ts';
import { defineSource, type Source, type SourceOptions } from './source.ts';

/** Any sender that knows HTTP basic authentication. Whoever has seen one request can send as many as they like. */
export function basicAuth(options: SourceOptions<BodyEvent> & BodyOptions): Source {
  return defineSource<BodyEvent, BodyOptions>(
    {
      kind: 'basic-auth',
      options: bodyOptions,
      authentication: 'HTTP basic authentication',
      hasReplayProtection: false,
      lists: { keys: basicKeys },
      authenticate: (request, { keys = [] }) => basicVerdict(request, keys),
      read: (request, own) => readEvents(readBody(request), own, bodyKey(request)),
    },
    options,
  );
}
