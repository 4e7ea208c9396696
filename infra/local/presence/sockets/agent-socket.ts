import type { WebSocket } from 'ws';
import type { Agent } from '../agents.ts';
import type { PresenceService } from '../service.ts';
import { authorize } from '../tokens.ts';
import { type Member, sendFrame } from './client.ts';
import type { Connect, Frame } from './frames.ts';

/** Lets an agent in who watches one visitor. Throws a Refusal when the token does not do. */
export function joinAgent(service: PresenceService) {
  return ({ groupid, visitorid, authorization }: Connect, socket: WebSocket): Member => {
    authorize(service.tokens.check(authorization), groupid);
    const agent: Agent = { send: (frame) => sendFrame(socket, frame) };
    agent.send({ type: 'connected', keepalive: service.switches.keepalive });
    const connected = service.population.find(groupid, visitorid) !== undefined;
    agent.send({ type: 'visitorconn', data: { connected } });
    service.agents.watch(groupid, visitorid, agent);
    return {
      receive: (frame) => receive(service, groupid, visitorid, frame),
      leave: () => service.agents.unwatch(groupid, visitorid, agent),
    };
  };
}

/** Nobody tells the agent whether the visitor was there to hear it. */
function receive(
  { population, signals }: PresenceService,
  groupid: number,
  visitorid: string,
  frame: Frame,
): void {
  if (frame.type !== 'signal' && frame.type !== 'invoke') return;
  const server = population.find(groupid, visitorid)?.server;
  if (server) signals.send(groupid, visitorid, server, { mtype: frame.type, data: frame.exact });
}
