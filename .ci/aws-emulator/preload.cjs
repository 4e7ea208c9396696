'use strict';
// What MiniStack's Lambda lacks of the real one for Node.js functions: loaded before each of them.

const https = require('node:https');
const { PassThrough } = require('node:stream');
const { buffer } = require('node:stream/consumers');

const metadata = Symbol('metadata');

/** Streams of answers: here they are passed on as a whole, once they have ended. */
globalThis.awslambda = {
  streamifyResponse: (handler) => async (event, context) => {
    const stream = new PassThrough();
    const body = buffer(stream);
    // What breaks off is an error of the function, as any other.
    body.catch(() => {});
    await handler(event, stream, context);
    stream.end();
    const bytes = await body;
    return { ...stream[metadata], body: bytes.toString('base64'), isBase64Encoded: true };
  },
  HttpResponseStream: {
    from: (stream, head) => Object.assign(stream, { [metadata]: head }),
  },
};

/** The CDK's own functions answer CloudFormation at the host alone of the address that they are given, port 443. */
const { port } = new URL(process.env.AWS_ENDPOINT_URL ?? 'https://127.0.0.1');
const plain = https.request;
https.request = function request(options, ...more) {
  const isCloudFormation =
    options?.path?.startsWith('/_ministack/cfn-response/') && options.port === undefined;
  return plain.call(this, isCloudFormation ? { ...options, port } : options, ...more);
};
