// Runs in a process of its own: loads one bundle, hands it a call, and tells its answer and the built-in modules
// that were loaded on the way.
const path = require('node:path');
const { PassThrough } = require('node:stream');
const { text } = require('node:stream/consumers');

const [, , file] = process.argv;
const endpoint = path.basename(path.dirname(file));
const before = new Set(process.moduleLoadList);
const stream = new PassThrough();
globalThis.awslambda = {
  streamifyResponse: (handler) => (event, context) => handler(event, stream, context),
  HttpResponseStream: { from: (target, head) => target.write(JSON.stringify(head)) && target },
};
const body = Buffer.from('{"mtype":"signal","data":1}').toString('base64');
const event = {
  headers: { 'Content-Type': 'application/json' },
  multiValueQueryStringParameters: { groupid: ['12345'], visitorid: ['ada'] },
  resource: `/${endpoint}`,
  httpMethod: endpoint === 'signalvisitor' ? 'POST' : 'GET',
  requestContext: {
    requestId: 'request-1',
    requestTimeEpoch: Date.now(),
    accountId: '111122223333',
    identity: { userArn: 'arn:aws:sts::111122223333:assumed-role/agent-desk/ada' },
  },
  body,
  isBase64Encoded: true,
};
const { handler } = require(file);
const streamed = text(stream);
handler(event, { getRemainingTimeInMillis: () => 5_000 }).then(async (answer) => {
  const whole = answer ? JSON.stringify(answer) : await streamed;
  const loaded = process.moduleLoadList.filter((module) => !before.has(module));
  process.stdout.write(`${JSON.stringify({ answer: whole, loaded })}\n`, () => process.exit());
});
