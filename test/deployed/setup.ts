const needed = ['RELAY_URL', 'PRESENCE_URL', 'RELAY_CALLER', 'RELAY_STAGE'];

/** Before any test: without a relay that is deployed, the acceptance suite would take a local run of its own. */
export default function setup(): void {
  const missing = needed.filter((name) => !process.env[name]);
  if (missing.length === 0) return;
  throw new Error(
    `${missing.join(', ')}: not set. They tell of a relay that is deployed; npm run deploy:emulator sets them: ` +
      '.ci/aws-emulator/run npm run deploy:emulator -- --exec "npm run test:deployed"',
  );
}
