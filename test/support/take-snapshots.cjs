// Runs in a process of its own: loads the bundle of the function `snapshot`, or what it is compared with, hands it one
// event after the other, and tells for each the time, the processor time and the memory that it took. Whoever has heard
// all of it ends the process: to end by itself while its threads are at work now and then never ends.
const [, , file, events] = process.argv;
const { handler } = require(file);

async function measured(event) {
  const end = Date.now() + 900_000;
  const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => end - Date.now() };
  const began = performance.now();
  const before = process.cpuUsage();
  const answer = await handler(event, context);
  const { user, system } = process.cpuUsage(before);
  return {
    answer,
    ms: performance.now() - began,
    cpuMs: (user + system) / 1_000,
    peakBytes: process.resourceUsage().maxRSS * 1_024,
  };
}

(async () => {
  for (const event of JSON.parse(events)) process.stdout.write(`${JSON.stringify(await measured(event))}\n`);
})();
