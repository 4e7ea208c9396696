import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { lacks } from './lacks.ts';

const root = path.resolve(import.meta.dirname, '../..');

test.each(Object.entries(lacks))(
  '%s, which the AWS emulator lacks, is checked elsewhere',
  (_, { reason, instead }) => {
    expect(reason.length).toBeGreaterThan(20);
    expect(instead.length).toBeGreaterThan(0);
    expect(instead.filter((file) => !/\.test\.ts$/.test(file) || !existsSync(path.join(root, file)))).toEqual(
      [],
    );
    // Those that run with every change, and not on what lacks it.
    expect(instead.filter((file) => file.startsWith('test/deployed/'))).toEqual([]);
  },
);
