import type { IncomingMessage, ServerResponse } from 'node:http';
import { anyOrigin, preflightAnswer } from '../../../shared/api/cors.ts';
import { type HttpAnswer, type Problem, problemAnswer } from '../../../shared/api/problem.ts';

/** Does what the method OPTIONS of a path does on AWS, where no function runs either. */
export function answerPreflight(
  methods: string,
  origins: readonly string[],
  { headers: { origin = '' } }: IncomingMessage,
  response: ServerResponse,
): void {
  const allowed = origins.includes(origin) && { 'access-control-allow-origin': origin };
  response.writeHead(204, { ...preflightAnswer(methods), ...allowed }).end();
}

/** A problem that the gateway itself tells of. Pages may read it where there are pages that may call. */
export function ownAnswer(problem: Problem, requestId: string, origins: readonly string[] = []): HttpAnswer {
  const answer = problemAnswer(problem, requestId);
  const open = origins.length > 0 && anyOrigin;
  return { ...answer, headers: { ...answer.headers, 'x-amzn-requestid': requestId, ...open } };
}
