import { parentPort, workerData } from 'node:worker_threads';
import type { ToInstance } from '../messages.ts';
import { awslambda } from './awslambda.ts';
import { loadHandler } from './handler.ts';
import { invoke, type Send } from './invoke.ts';
import type { ResponseStream } from './response-stream.ts';

// The program of an instance's thread: load the bundle, then one event after the other.

const port = parentPort;
if (!port) throw new Error('This program runs in a thread of a LocalFunction.');

const send: Send = (message, transfer = []) => port.postMessage(message, transfer);

Object.assign(globalThis, { awslambda });
const handler = loadHandler(workerData.file);

let answer: ResponseStream | undefined;
port.on('message', (message: ToInstance) => {
  if (message.type === 'taken') answer?.taken();
  else answer = invoke(handler, message, send);
});
send({ type: 'ready' });
