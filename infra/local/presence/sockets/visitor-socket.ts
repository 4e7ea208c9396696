import type { WebSocket } from 'ws';
import { Refusal } from '../http/refusal.ts';
import type { PresenceService } from '../service.ts';
import type { Connection } from '../visitors.ts';
import { type Member, sendFrame } from './client.ts';
import { type Connect, type Frame, objectOf } from './frames.ts';

/** Lets a visitor in on a server. Throws a Refusal for a group or a unique id that there is not. */
export function joinVisitor(service: PresenceService, server: string) {
  return ({ groupid, visitorid, guesttoken }: Connect, socket: WebSocket): Member => {
    service.requireGroup(groupid);
    if (!service.uniqueIds.admits(groupid, visitorid, guesttoken ?? undefined)) {
      throw new Refusal(403, 'authorization', 'The unique id is not valid');
    }
    const connection: Connection = {
      groupid,
      visitorid,
      server,
      isOpen: () => socket.readyState === socket.OPEN,
      send: (frame) => sendFrame(socket, frame),
      close: () => socket.terminate(),
    };
    connection.send({ type: 'connected', keepalive: service.switches.keepalive });
    service.signals.release(service.visitors.focus(connection));
    return {
      receive: (frame) => receive(service, connection, frame),
      leave: () => service.visitors.disconnect(connection),
    };
  };
}

function receive(service: PresenceService, connection: Connection, frame: Frame): void {
  const { visitors, signals, agents } = service;
  const { type, data } = frame;
  if (type === 'k') return;
  const object = objectOf(data);
  if (type === 'presence') visitors.presence(connection, object);
  if (type === 'presence' || (type === 'visibility' && object.visibility === 'visible')) {
    signals.release(visitors.focus(connection));
  }
  agents.tell(connection.groupid, connection.visitorid, {
    type,
    ...('data' in frame ? { data: frame.exact } : {}),
  });
}
