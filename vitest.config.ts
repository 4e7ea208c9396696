import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need a relay that is deployed: npm run test:deployed.
    exclude: ['test/deployed/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Most files wait more than they work; by itself, vitest leaves a processor free.
    maxWorkers: '100%',
    // Against one relay that is given by its address, the files would disturb each other's faults.
    fileParallelism: process.env.RELAY_URL === undefined,
  },
});
