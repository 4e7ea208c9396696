import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

test('without a relay that is deployed, npm run test:deployed says what it wants, and nothing else', () => {
  const { PATH = '', HOME = '' } = process.env;
  const { stdout, stderr, status } = spawnSync('npm', ['run', '--silent', 'test:deployed'], {
    cwd: root,
    env: { PATH, HOME, PRESENCE_URL: 'http://127.0.0.1:1', NO_COLOR: '1' },
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^RELAY_URL, RELAY_CALLER, RELAY_STAGE: not set\. .*\n {2}\.ci\/aws-emulator\/run .*\n$/,
  );
  expect(stdout).not.toMatch(/test files|Error/i);
});
