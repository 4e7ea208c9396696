import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';

type Module = typeof import('@aws-sdk/client-eventbridge');

/** What of the module is used: whoever names it has no more of it in the bundle. */
export type EventBridgeModule = Pick<Module, 'EventBridgeClient' | 'PutEventsCommand'>;

/** The client of EventBridge, and the command that puts events. */
export type EventBridge = { readonly client: EventBridgeClient } & Pick<Module, 'PutEventsCommand'>;

/** It tries once: `EventBus` knows which of the entries are to be tried again, and how long there is time. */
export function eventBridgeOf({ EventBridgeClient, PutEventsCommand }: EventBridgeModule): EventBridge {
  const client = new EventBridgeClient({
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
  });
  return { client, PutEventsCommand };
}

/** What became of a call: it may be taken another time; something in it is not valid; it is refused, as others would be. */
export type CallFailure = 'passing' | 'invalid' | 'refused';

export function failureOf(error: unknown): CallFailure {
  if (!(error instanceof Error)) return 'passing';
  if (error.name === 'ValidationException') return 'invalid';
  const isClients = '$fault' in error && error.$fault === 'client';
  return isClients && !/Throttl|TooMany|LimitExceeded|Timeout/.test(error.name) ? 'refused' : 'passing';
}

/**
 * Whether EventBridge would refuse an entry again, by what it says of it.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
 */
export function isFinal(errorCode: string): boolean {
  return /^(AccessDenied|Invalid|Malformed|NotAuthorized|Redaction|ResourceNotFound|Validation)/.test(
    errorCode,
  );
}
