import type { IncomingHttpHeaders } from 'node:http';
import { region } from '../account.ts';

/** An SQS in memory that does not listen yet. */
export async function openEngine() {
  // Takes a tenth of a second, in which others may start as well.
  const { buildApp } = await import('fauxqs');
  await takeEveryCharacter();
  const engine = buildApp({ logger: false, defaultRegion: region });
  engine.addHook('onSend', ({ headers }, _reply, payload, done) => done(null, withOwnHost(headers, payload)));
  await engine.ready();
  return engine;
}

/**
 * SQS takes characters beyond the first 65,536 too, such as an emoji. The engine takes each for two wrong ones, since
 * its pattern is read without regard to them.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
async function takeEveryCharacter(): Promise<void> {
  const { INVALID_MESSAGE_BODY_CHAR: pattern } = await import(
    new URL('sqs/sqsTypes.js', import.meta.resolve('fauxqs')).href
  );
  pattern.compile('[^\\t\\n\\r\\x20-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}]', 'u');
}

/** The engine calls its host `sqs.<region>.localhost`, a name that not every machine resolves. */
function withOwnHost({ host, ...headers }: IncomingHttpHeaders, payload: unknown): unknown {
  const tellsAddresses = /\.(CreateQueue|GetQueueUrl|ListQueues)$/.test(String(headers['x-amz-target']));
  if (!tellsAddresses || typeof payload !== 'string') return payload;
  return payload.replaceAll(/"http:\/\/sqs\.[^/]+\//g, `"http://${host}/`);
}
