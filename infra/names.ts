/**
 * Which of the stacks of an account is meant: `RELAY_STAGE`, `prod` unless given. Everything that has a name is named
 * by it. Throws when it cannot stand in a name.
 */
export function stageName({ RELAY_STAGE = 'prod' }: NodeJS.ProcessEnv = process.env): string {
  if (/^[a-z][a-z0-9-]{0,19}$/.test(RELAY_STAGE)) return RELAY_STAGE;
  throw new Error('RELAY_STAGE: must be 1 to 20 characters of a-z, 0-9, "-", the first of them a letter');
}

/** The stage of a local run. */
export const localStage = 'local';

/** The stack itself, and what its resources are named after. */
export function stackName(stage: string): string {
  return `presence-relay-${stage}`;
}

/** What a secret holds before anybody has put something there. */
export const unset = '{"state":"unset"}';

/** The secret that holds the token of a group, where the configuration names no other. */
export function secretName(stage: string, groupid: number | string): string {
  return `presence-relay/${stage}/${groupid}/token`;
}

/** The secret that holds the credentials of a group, where the configuration names no other. */
export function credentialsName(stage: string, groupid: number | string): string {
  return `presence-relay/${stage}/${groupid}/credentials`;
}

/** The queue on which a renewal of tokens is asked for. */
export function refreshQueueName(stage: string): string {
  return `${stackName(stage)}-refresh.fifo`;
}

/** Where requests go that failed every time. */
export function refreshDeadLettersName(stage: string): string {
  return `${stackName(stage)}-refresh-dead-letters.fifo`;
}

/** Where requests go that the schedules could not make. */
export function refreshUndeliveredName(stage: string): string {
  return `${stackName(stage)}-refresh-undelivered`;
}

/** The secret with the keys of a source of webhooks. */
export function webhookKeysName(stage: string, source: string): string {
  return `presence-relay/${stage}/webhooks/${source}`;
}

/** The secret that the ids of signals are made with, so that nobody can tell them beforehand. */
export function idKeyName(stage: string): string {
  return `presence-relay/${stage}/signal-ids`;
}

/** The queue of signals that are to be delivered. */
export function signalQueueName(stage: string): string {
  return `${stackName(stage)}-signals`;
}

/** Where signals go that cannot be delivered, and events of webhooks that make none. */
export function signalDeadLettersName(stage: string): string {
  return `${stackName(stage)}-signals-dead-letters`;
}

/** The table with the records of the signals. */
export function signalTableName(stage: string): string {
  return `${stackName(stage)}-signals`;
}

/** The bus that events of the relay are put on. */
export function busName(stage: string): string {
  return stackName(stage);
}

/** A function of the relay, by the name that it has in `functions/`. */
export function functionName(stage: string, name: string): string {
  return `${stackName(stage)}-${name}`;
}

/** A command as somebody types it who means this stage. */
export function npmRun(stage: string, command: string): string {
  return `${stage === 'prod' ? '' : `RELAY_STAGE=${stage} `}npm run ${command}`;
}
