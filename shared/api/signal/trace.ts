import type { Answer, Call } from '../edge.ts';
import type { signalvisitor } from '../endpoints.ts';
import { problemOf } from '../failure.ts';
import { inBody } from '../faults.ts';
import { Problem } from '../problem.ts';

export type SignalCall = Call<typeof signalvisitor>;

/** What becomes known of a signal on the way. */
export interface Trace {
  id?: string;
  /** Somebody has asked for it before, with the same key. */
  repeated?: true;
}

/**
 * Carries out what a call asks for, answers it, and leaves one line in the log whatever comes of it: who has signalled
 * whom by which id. The visitor stands in the record, if there is one; the message nowhere.
 */
export async function traced(
  call: SignalCall,
  carryOut: (trace: Trace) => Promise<'sent' | 'accepted'>,
): Promise<string | Answer> {
  const trace: Trace = {};
  try {
    requireInvocable(call);
    const status = await carryOut(trace);
    logOutcome(call, trace, status);
    const body = JSON.stringify({ id: trace.id, status });
    if (status === 'sent') return body;
    return { status: 202, headers: { location: `${call.prefix}/signals/${trace.id}` }, body };
  } catch (error) {
    logOutcome(call, trace, problemOf(error).code);
    throw error;
  }
}

function logOutcome({ log, body }: SignalCall, { id, repeated }: Trace, outcome: string): void {
  const func = body.mtype === 'invoke' ? body.data.func : undefined;
  log.info('signal', { signal: id, mtype: body.mtype, func, outcome, repeated });
}

function requireInvocable({ body, caller }: SignalCall): void {
  if (body.mtype !== 'invoke' || caller.invocable.includes(body.data.func)) return;
  throw new Problem('forbidden-function', 'This caller may not invoke that function.', {
    faults: [inBody({ path: ['data', 'func'], detail: 'must be one that this caller may invoke' })],
  });
}

export function notPresent(): Problem {
  return new Problem('visitor-not-present', 'The visitor is not on the site now.');
}
