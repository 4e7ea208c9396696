import { readEnvironment } from '../../runtime/environment.ts';
import { secretsManager } from '../../runtime/secrets-manager.ts';
import { IdKey } from '../../signals/ids.ts';
import { lateDynamo, lateSqs } from '../../signals/late.ts';
import { SignalQueue } from '../../signals/queue.ts';
import { SignalTable } from '../../signals/table.ts';
import { keepEnvironment, receiptEnvironment } from '../config/environment.ts';
import { Problem } from '../problem.ts';

/** What a call needs that leaves a signal behind, made once per cold start. Clients load when they are used. */
export interface Kept {
  readonly table: SignalTable;
  readonly queue: SignalQueue;
  readonly ids: IdKey;
}

/** Throws `EnvironmentError`. */
export function openKept(environment: NodeJS.ProcessEnv): Kept {
  const { RELAY_SIGNAL_QUEUE, RELAY_SIGNAL_TABLE, RELAY_ID_KEY } = readEnvironment(
    keepEnvironment,
    environment,
  );
  return {
    table: new SignalTable({ table: RELAY_SIGNAL_TABLE, open: lateDynamo }),
    queue: new SignalQueue({ url: RELAY_SIGNAL_QUEUE, open: lateSqs }),
    ids: new IdKey({ secret: RELAY_ID_KEY, client: secretsManager() }),
  };
}

/** Throws `EnvironmentError`. */
export function openReceipts(environment: NodeJS.ProcessEnv): SignalTable {
  const { RELAY_SIGNAL_TABLE } = readEnvironment(receiptEnvironment, environment);
  return new SignalTable({ table: RELAY_SIGNAL_TABLE, open: lateDynamo });
}

/** Seconds; what fails here has been tried several times already. */
const retryAfter = '5';

/** What is asked of table, queue or key before anything is sent. A failure is one that may pass. */
export async function beforehand<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const detail =
      'The relay cannot reach what it keeps of signals. Nothing was sent; it is safe to try again.';
    throw new Problem('upstream-unavailable', detail, { headers: { 'retry-after': retryAfter }, cause });
  }
}
