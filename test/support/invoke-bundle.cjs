// Runs in a process of its own: loads one bundle, hands it a call (`{"event", "remainingMs"}`), and tells its answer or
// its failure, and the built-in modules that were loaded on the way.
const { PassThrough } = require('node:stream');
const { text } = require('node:stream/consumers');

const [, , file, call] = process.argv;
const { event, remainingMs } = JSON.parse(call);
const before = new Set(process.moduleLoadList);
const stream = new PassThrough();
let isStreamed = false;
globalThis.awslambda = {
  streamifyResponse: (handler) => (event, context) => {
    isStreamed = true;
    return handler(event, stream, context);
  },
  HttpResponseStream: { from: (target, head) => target.write(JSON.stringify(head)) && target },
};
const end = Date.now() + remainingMs;
const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => end - Date.now() };
const streamed = text(stream);

/** As Lambda does, which loads the bundle first. */
async function invoke() {
  const { handler } = require(file);
  const answer = await handler(event, context);
  return isStreamed ? await streamed : JSON.stringify(answer ?? null);
}

const ended = (outcome) => {
  const loaded = process.moduleLoadList.filter((module) => !before.has(module));
  process.stdout.write(`${JSON.stringify({ ...outcome, loaded })}\n`, () => process.exit());
};
invoke().then(
  (answer) => ended({ answer }),
  (error) => ended({ failure: `${error.name}: ${error.message}` }),
);
