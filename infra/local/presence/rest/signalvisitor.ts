import * as z from 'zod/mini';
import { type Answer, json } from '../../http/answer.ts';
import { readJson } from '../http/body.ts';
import { badRequest } from '../http/refusal.ts';
import { visitoridOf } from '../ids.ts';
import type { Switches } from '../switches.ts';
import type { AgentEndpoint } from './agent-endpoint.ts';

const messageSchema = z.object({ mtype: z.string().check(z.minLength(1)), data: z.optional(z.unknown()) });

const success: Record<Switches['signalSuccess'], () => Answer> = {
  object: () => json({}),
  empty: () => ({ status: 200, body: '' }),
  text: () => ({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'OK' }),
};

export const signalvisitor: AgentEndpoint = {
  name: 'signalvisitor',
  method: 'POST',
  async handle({ service, request, url, server, groupid, withheld }) {
    const visitorid = visitoridOf(url.searchParams);
    const { exact } = await readJson(request);
    const message = messageSchema.safeParse(exact);
    if (!message.success) throw badRequest('The message has no mtype');
    const { signals, switches } = service;
    const taken = withheld
      ? signals.reaches(groupid, visitorid, server)
      : signals.send(groupid, visitorid, server, message.data);
    return taken ? success[switches.signalSuccess]() : gone(switches.signalGone);
  },
};

function gone(status: Switches['signalGone']): Answer {
  return json(
    { err: 'visitornotpresent', msg: 'The visitor is not connected to this server' },
    Number(status),
  );
}
