import type { TestContext } from 'vitest';

interface Lack {
  /** What it does instead of what AWS does. */
  readonly reason: string;
  /** The tests that check what cannot be seen there: with the local run, or in the template. */
  readonly instead: readonly string[];
}

/**
 * What cannot be seen on the AWS emulator of `.ci/aws-emulator`, of all that is seen of the local run, or would be on AWS:
 * the one place where that stands. Whatever is deployed there is deployed; these are about what it does afterwards.
 */
export const lacks = {
  streams: {
    reason: 'it waits for the end of an answer before it passes it on, so none is seen to break off',
    instead: ['test/infra/local/lambda/streaming.test.ts', 'test/infra/local/gateway/streaming.test.ts'],
  },
  athena: {
    reason:
      'it makes up what a query answers; with DuckDB, it would lack the functions of Athena’s SQL that the saved queries use',
    instead: ['test/infra/constructs/snapshot-queries.test.ts', 'test/infra/cli/verify/athena.test.ts'],
  },
} as const satisfies Readonly<Record<string, Lack>>;

/** Skips the test where the relay is on an AWS emulator that lacks it. */
export function needs(lack: keyof typeof lacks, { skip }: Pick<TestContext, 'skip'>): void {
  const { RELAY_URL, AWS_ENDPOINT_URL } = process.env;
  if (RELAY_URL !== undefined && AWS_ENDPOINT_URL) skip(lacks[lack].reason);
}
