import { expect, test } from 'vitest';
import { run } from './running.ts';

const deploy = (args: readonly string[], env: Record<string, string> = {}) =>
  run('deploy-emulator', args, { input: '', env });

test('--help tells what is deployed, where, and what it needs', async () => {
  const { stdout, stderr, code } = await deploy(['--help']);
  expect([stderr, code]).toEqual(['', 0]);
  for (const word of [
    'AWS_ENDPOINT_URL',
    'RELAY_URL',
    '--presence',
    '--exec',
    '--destroy',
    'MiniStack',
    'LocalStack',
  ])
    expect(stdout).toContain(word);
  expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120);
});

test.for([
  [['--nothing'], '--nothing'],
  [['--presence', 'here'], '--presence is an address'],
  [['--destroy', '--exec', 'true'], '--destroy goes with neither --presence nor --exec'],
] as const)('%j is a wrong call', async ([args, reason]) => {
  const { stdout, stderr, code } = await deploy(args, { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
  expect([stdout, code]).toEqual(['', 2]);
  expect(stderr).toContain(reason);
});

test('without an address of an emulator nothing is done, and AWS itself is none', async () => {
  const unset = await deploy([]);
  expect(unset).toMatchObject({ stdout: '', code: 1 });
  expect(unset.stderr).toMatch(
    /^AWS_ENDPOINT_URL is not set: start an AWS emulator, and set it to its address/,
  );
  const aws = await deploy([], { AWS_ENDPOINT_URL: 'https://cloudformation.eu-west-1.amazonaws.com' });
  expect(aws).toMatchObject({ stdout: '', code: 1 });
  expect(aws.stderr).toBe('AWS_ENDPOINT_URL: is AWS itself; there, use npm run deploy\n');
});

test('where nothing listens, it says so at once', async () => {
  const { stderr, code } = await deploy([], { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
  expect(stderr).toMatch(
    /^the AWS emulator at http:\/\/127\.0\.0\.1:1 does not answer as AWS would: .*Is it up\?/,
  );
  expect(code).toBe(1);
});
