import { once } from 'node:events';
import { WebSocket } from 'ws';

/** A bare WebSocket client that keeps every frame. */
export async function openSocket(url: string) {
  const socket = new WebSocket(url.replace('http', 'ws'));
  const frames: unknown[] = [];
  const texts: string[] = [];
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  socket.on('message', (raw) => {
    texts.push(raw.toString());
    frames.push(JSON.parse(raw.toString()));
  });
  await once(socket, 'open');
  return {
    frames,
    /** The frames as they were written. */
    texts,
    /** The code that the connection was closed with. */
    closed,
    send: (frame: object) => socket.send(JSON.stringify(frame)),
    sendBytes: (frame: object) => socket.send(Buffer.from(JSON.stringify(frame))),
    sendText: (text: string) => socket.send(text),
    /** Resolves when what was sent so far has been dealt with. */
    async settled(): Promise<void> {
      socket.ping();
      await once(socket, 'pong');
    },
    async close(): Promise<void> {
      socket.close();
      await closed;
    },
    [Symbol.dispose]: () => socket.terminate(),
  };
}
