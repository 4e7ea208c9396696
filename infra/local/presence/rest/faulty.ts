import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '../../http/answer.ts';
import { send } from '../../http/send.ts';
import type { Fault } from '../faults.ts';
import { sendCut } from './cut.ts';

/** The answer of the endpoint; `withheld`: without bringing the signal to its visitor. */
type AnswerOf = (withheld: boolean) => Promise<Answer>;

/** Answers as the fault has it; gives the status, or 0 for no answer. */
export async function respondWith(
  fault: Fault | undefined,
  answerOf: AnswerOf,
  response: ServerResponse,
): Promise<number> {
  switch (fault?.kind) {
    case 'status':
    case 'body':
    case 'malformed':
      if (fault.deliver) await answerOf(false);
      return sendAll(response, canned(fault));
    case 'hang':
      if (fault.deliver) await answerOf(false);
      return 0;
    case 'reset':
      if (fault.deliver) await answerOf(false);
      response.socket?.resetAndDestroy();
      return 0;
    case 'cut':
      await sendCut(response, await answerOf(fault.deliver === false), fault);
      return 0;
    case 'latency':
      await sleep(fault.ms, undefined, { ref: false });
      return sendAll(response, await answerOf(false));
    default:
      return sendAll(response, await answerOf(false));
  }
}

async function sendAll(response: ServerResponse, answer: Answer): Promise<number> {
  await send(response, answer);
  return answer.status;
}

type Canned = Extract<Fault, { kind: 'status' | 'body' | 'malformed' }>;

function canned(fault: Canned): Answer {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  if (fault.kind === 'malformed') return { status: 200, headers, body: '{"direct":"127.0.0.1' };
  const retryAfter = fault.kind === 'status' && fault.retryAfter;
  const body =
    fault.body ?? (fault.kind === 'status' ? { err: 'error', msg: 'A fault that was asked for' } : null);
  return {
    status: fault.status ?? 200,
    headers:
      retryAfter === undefined || retryAfter === false
        ? headers
        : { ...headers, 'retry-after': String(retryAfter) },
    // Text is sent as it is, so that a body can be anything at all.
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}
