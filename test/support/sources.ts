import { defineSource, type Source, type SourceKind } from '../../shared/webhooks/source.ts';

/** A source of webhooks of which nothing matters but what is told here. */
export function sourceWith(kind: Partial<SourceKind<unknown, object>> = {}, group = 12345): Source {
  return defineSource<unknown>(
    {
      kind: 'tiny',
      authentication: 'a secret in a header',
      hasReplayProtection: false,
      lists: { keys: { of: 'the secret of the webhook' } },
      authenticate: () => 'missing',
      read: () => ({ events: [] }),
      ...kind,
    },
    { group, signal: () => null },
  );
}
