const needed = ['RELAY_URL', 'PRESENCE_URL', 'RELAY_CALLER', 'RELAY_STAGE'];

/** Before any test: without a relay that is deployed, the acceptance suite would take a local run of its own. */
export default function setup(): void {
  const missing = needed.filter((name) => !process.env[name]);
  if (missing.length === 0) return;
  process.stderr.write(
    `${missing.join(', ')}: not set. They tell of a relay that is deployed; npm run deploy:emulator sets them:\n` +
      `  .ci/aws-emulator/run npm run deploy:emulator -- --exec 'npm run test:deployed'\n`,
  );
  // An error would be told after, and beside, that there were no tests.
  process.exit(1);
}
