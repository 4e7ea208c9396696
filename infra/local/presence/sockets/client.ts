import type { RawData, WebSocket } from 'ws';
import { read } from '../http/read.ts';
import { Refusal } from '../http/refusal.ts';
import type { PresenceService } from '../service.ts';
import { type Connect, connectSchema, type Frame, frameOf, jsonOf } from './frames.ts';

/** What a connected visitor or agent does. */
export interface Member {
  receive(frame: Frame): void;
  leave(): void;
}

/** Seconds in which the first frame has to come. */
const patience = 30;
const missedKeepalives = 3;
const policyViolation = 1008;

/**
 * The life of a visitor's or agent's socket: a connect frame, then others, each of them a sign of life. `join` throws a
 * Refusal for one who may not connect; a second connect frame, as of a visitor under a new id, joins anew.
 */
export function converse(
  socket: WebSocket,
  service: PresenceService,
  join: (connect: Connect, socket: WebSocket) => Member,
): void {
  let member: Member | undefined;
  let silence = setTimeout(() => socket.terminate(), patience * 1000).unref();

  socket.on('message', (raw: RawData) => {
    const value = jsonOf(raw);
    const frame = value && frameOf(value);
    if (frame?.type === 'connect') {
      member?.leave();
      member = admitted(socket, () => join(read(connectSchema, value?.plain), socket));
      clearTimeout(silence);
      const limit = missedKeepalives * service.switches.keepalive * 1000;
      silence = setTimeout(() => socket.terminate(), limit).unref();
    } else if (member) {
      silence.refresh();
      if (frame) member.receive(frame);
    }
  });
  socket.on('close', () => {
    clearTimeout(silence);
    member?.leave();
  });
  // A frame against the protocol also closes the socket, and that is all there is to do.
  socket.on('error', () => undefined);
}

/** The frame that goes before the closing of a refused connection is invented. */
function admitted(socket: WebSocket, join: () => Member): Member | undefined {
  try {
    return join();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    sendFrame(socket, { type: 'error', data: JSON.parse(String(error.answer.body)) });
    // A close frame has room for 123 bytes of reason.
    socket.close(policyViolation, error.message.slice(0, 100));
    return undefined;
  }
}

export function sendFrame(socket: WebSocket, frame: object): void {
  socket.send(JSON.stringify(frame));
}
