import path from 'node:path';
import { defineConfig } from 'vitest/config';

/** Against a relay that is deployed, at `RELAY_URL`: `npm run test:deployed`. */
export default defineConfig({
  test: {
    root: path.resolve(import.meta.dirname, '../..'),
    include: ['test/acceptance/**/*.test.ts', 'test/deployed/**/*.test.ts'],
    globalSetup: './test/deployed/setup.ts',
    // A deployment takes ten seconds, and a minute where the machine is busy.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // The files would disturb each other's faults.
    fileParallelism: false,
    reporters: ['default', './test/support/skips.ts'],
  },
});
