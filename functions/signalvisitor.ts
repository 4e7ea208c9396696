import { randomUUID } from 'node:crypto';
import { serve } from '../shared/api/edge.ts';
import { signalvisitor } from '../shared/api/endpoints.ts';
import { inBody } from '../shared/api/faults.ts';
import { Problem } from '../shared/api/problem.ts';

export const handler = serve(signalvisitor, async ({ query, body, caller, presence, deadline, log }) => {
  if (body.mtype === 'invoke' && !caller.invocable.includes(body.data.func)) {
    throw new Problem('forbidden-function', 'This caller may not invoke that function.', {
      faults: [inBody({ path: ['data', 'func'], detail: 'must be one that this caller may invoke' })],
    });
  }
  const id = randomUUID();
  const outcome = await presence.signal(query.groupid, query.visitorid, body, deadline);
  if (outcome === 'not-present')
    throw new Problem('visitor-not-present', 'The visitor is not on the site now.');
  log.info('signal sent', { signal: id, mtype: body.mtype });
  return JSON.stringify({ id, status: 'sent' });
});
