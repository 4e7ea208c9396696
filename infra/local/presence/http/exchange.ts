import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from '../../http/answer.ts';
import { Refusal } from './refusal.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** The server that was called. */
  readonly server: string;
}

/** Answers, and says with which status; 0 when the client is left without an answer. */
export type Respond = (exchange: Exchange) => Promise<number>;

/** What `handle` answers, a thrown Refusal included. */
export async function answerOf(handle: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await handle();
  } catch (error) {
    if (error instanceof Refusal) return error.answer;
    throw error;
  }
}
