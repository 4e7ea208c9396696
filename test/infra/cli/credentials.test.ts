import { describe, expect, test } from 'vitest';
import { freePorts } from '../../support/ports.ts';
import { jwt } from '../../support/tokens.ts';
import { standIn, unset } from './credentials/stand-in.ts';
import { houseWith, run } from './running.ts';

const credentials = { partneruserid: 'ada@shop.example', apikey: 'hunter2-hunter2' };
const input = JSON.stringify(credentials);

interface Told {
  args?: readonly string[];
  env?: Record<string, string | undefined>;
  input?: string | undefined;
  folder?: string;
}

/** What it prints, on one line; never anything of what it was given. */
async function told({ args = ['12345'], ...options }: Told = {}) {
  const { stdout, stderr, code } = await run('credentials', args, { input, ...options });
  expect(stdout + stderr).not.toMatch(/hunter2|ada@|eyJ/);
  return { said: stdout.replaceAll(/\s+/g, ' '), stdout, stderr, code };
}

describe('on AWS', () => {
  test('it is told in three steps, and exit code 0', async () => {
    const relay = await standIn();
    relay.grants();
    const { stdout, stderr, code } = await told({ env: relay.environment });
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout.match(/^\S+ +\S+/gm)?.slice(0, 3)).toEqual([
      'ok    credentials',
      'ok    request',
      'ok    token',
    ]);
    expect(stdout).toMatch(/\n\nAll is well: the group has a new token\.\n$/);
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(110);
    expect(JSON.parse(relay.stored() ?? '')).toEqual(credentials);
  });

  test('it is one line of JSON for scripts', async () => {
    const relay = await standIn();
    relay.fails();
    const env = relay.environment;
    const { stdout, stderr, code } = await told({ args: ['--json'], env });
    expect([stderr, code, stdout.trimEnd().split('\n').length]).toEqual(['', 1, 1]);
    expect(JSON.parse(stdout)).toEqual({
      groupid: '12345',
      ok: false,
      says: expect.stringContaining('Not well: token failed.'),
      steps: [
        { name: 'credentials', verdict: 'ok', says: expect.any(String) },
        { name: 'request', verdict: 'ok', says: expect.any(String) },
        { name: 'token', verdict: 'fail', says: expect.any(String), hint: expect.any(String) },
      ],
    });
  });

  test('--again does not wait for standard input, and stores nothing', async () => {
    const relay = await standIn();
    relay.grants();
    const env = relay.environment;
    const { said, code } = await told({ args: ['--again'], input: undefined, env });
    expect(said).toContain('skip credentials nothing is stored');
    expect([relay.stored(), relay.messages.length, code]).toEqual([unset, 1, 0]);
  });

  test('RELAY_STAGE says which stage is meant, in what it does and in what it tells', async () => {
    const relay = await standIn({ stage: 'test' });
    relay.fails({ failure: 'authorization-unavailable' });
    const { said } = await told({ env: { ...relay.environment, RELAY_STAGE: 'test' } });
    expect(said).toContain('stored in secret presence-relay/test/12345/credentials');
    expect(said).toContain('queue presence-relay-test-refresh.fifo');
    expect(said).toContain('"RELAY_STAGE=test npm run credentials -- 12345 --again"');
  });

  test('a relay that is not deployed is told', async () => {
    const relay = await standIn();
    const { said, code } = await told({ env: { ...relay.environment, RELAY_STAGE: 'test' } });
    expect(said).toContain(
      'FAIL credentials secret presence-relay/test/12345/credentials does not exist in us-east-1',
    );
    expect(said).toContain('deploy the relay first');
    expect(said).toContain('skip 2 steps no token was asked for: request, token');
    expect(code).toBe(1);
  });

  test.for([
    [{ AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }, 'cannot be written without AWS credentials'],
    [{ AWS_REGION: undefined }, 'cannot be written: no AWS region is set'],
  ] as const)('AWS settings that are missing (%o) are told', async ([env, says]) => {
    const relay = await standIn();
    const { said, code } = await told({ env: { ...relay.environment, ...env } });
    expect(said).toContain(says);
    expect(said).toContain('AWS_PROFILE');
    expect([relay.stored(), code]).toEqual([unset, 1]);
  });

  test('secrets of one’s own are those that are used, in their own region', async () => {
    const [own, token] = ['credentials', 'token'].map(
      (name) => `arn:aws:secretsmanager:eu-central-1:123456789012:secret:glance-${name}-AbCdEf`,
    );
    const folder = houseWith(`{ 777: { secret: { arn: '${token}' }, credentials: { arn: '${own}' } } }`);
    const relay = await standIn();
    const env = { ...relay.environment, AWS_REGION: undefined };
    const { said } = await told({ args: ['777'], env, folder });
    expect(said).toContain(`secret ${own} does not exist in eu-central-1`);
  });
});

describe('of a local run', () => {
  test('the secrets and the queue are those of its ports', async () => {
    const port = await freePorts(7);
    const relay = await standIn({ stage: 'local', ports: { secrets: port + 5, queues: port + 6 } });
    relay.grants();
    const { said, code } = await told({ args: ['--local', '--port', String(port)] });
    expect(said).toContain('ok token granted');
    expect([JSON.parse(relay.stored() ?? ''), code]).toEqual([credentials, 0]);
  });

  test('that is not up, it is told how to bring it up', async () => {
    const { said, code } = await told({ args: ['--local', '--port', String(await freePorts(7))] });
    expect([said.includes('npm start'), code]).toEqual([true, 1]);
  });

  test('a group whose tokens come from outside on AWS is renewed as well', async () => {
    const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:glance-AbCdEf';
    const folder = houseWith(`{ 12345: { secret: { arn: '${arn}' } } }`);
    const port = await freePorts(7);
    const relay = await standIn({ stage: 'local', ports: { secrets: port + 5, queues: port + 6 } });
    relay.grants();
    const { code } = await told({ args: ['--local', '--port', String(port)], folder });
    expect(code).toBe(0);
  });
});

describe('called wrongly, it says how in one line, with exit code 2:', () => {
  const token = jwt();

  test.for([
    [['777'], input, 'group 777 is none of the configured groups; relay.config.ts has 12345'],
    [['hunter2'], input, 'that is none of the configured groups'],
    [['12345', 'hunter2'], input, 'one group, please; credentials are read from standard input'],
    [['12345', token], input, 'one group, please'],
    [['--password=hunter2'], input, "Unknown option '--password'"],
    [['--port', '4800'], input, '--port goes with --local'],
    [['--local', '--port', 'hunter2'], input, '--port is a whole number from 1 to'],
    [[], ' \n', 'standard input is empty: give the credentials there, as JSON, or call this at a terminal'],
    [[], 'hunter2', 'standard input is malformed: it is not JSON'],
    [[], '["hunter2"]', 'it is not a JSON object'],
    [[], '{"apikey":"hunter2"}', 'partneruserid: is missing'],
    [[], '{"username":"ada@"}', 'it holds none of "password", "apikey" and "g4scredentials"'],
    [[], '{"username":"","password":7}', 'username: must not be empty; password: must be a string'],
    [[], '{"username":"ada@","password":"hunter2","apikey":"hunter2"}', 'apikey: is not known here'],
    [[], '{"username":"ada@","g4scredentials":"hunter2"}', 'g4scredentials: must have 32 characters'],
    [[], unset, 'standard input holds no credentials yet'],
  ] as const)('%j %j', async ([args, given, line]) => {
    const relay = await standIn();
    const env = relay.environment;
    const { stdout, stderr, code } = await told({ args, input: given, env });
    expect([stdout, code]).toEqual(['', 2]);
    expect(stderr).toContain(line);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect([relay.stored(), relay.messages]).toEqual([unset, []]);
  });

  const outside = `{ secret: { arn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:glance-AbCdEf' } }`;

  test.for([['777'], []])('a group whose tokens come from outside: %j', async (args) => {
    const { stderr, code } = await told({ args, folder: houseWith(`{ 777: ${outside} }`) });
    expect([stderr.trimEnd().split('\n').length, code]).toEqual([1, 2]);
    expect(stderr).toContain('the tokens of group 777 come from outside');
    expect(stderr).toContain('name a secret for its "credentials" too and deploy');
  });

  test('no group, where there are several whose tokens the relay gets', async () => {
    const folder = houseWith(`{ 777: {}, 778: {}, 779: ${outside} }`);
    const { stderr, code } = await told({ args: [], folder });
    expect([stderr, code]).toEqual(['which group? relay.config.ts has 777, 778\n', 2]);
  });

  test('but one such group need not be named', async () => {
    const folder = houseWith(`{ 777: ${outside}, 778: {} }`);
    const relay = await standIn();
    const { said } = await told({ args: [], folder, env: relay.environment });
    expect(said).toContain('secret presence-relay/prod/778/credentials does not exist');
  });
});

test('--help tells every option, the forms, what is stored where, the rights, and how it ends', async () => {
  const { stdout, stderr, code } = await told({ args: ['--help'] });
  expect([stderr, code]).toEqual(['', 0]);
  for (const word of [
    ...['--again', '--local', '--port', '--json', 'RELAY_STAGE', 'Exit code 0'],
    ...['password', 'apikey', 'partneruserid', 'partnerid', 'g4scredentials'],
    ...['/credentials', '/token', 'refresh.fifo'],
    ...['PutSecretValue', 'GetSecretValue', 'GetQueueUrl', 'SendMessage', 'kms:Decrypt'],
  ]) {
    expect(stdout).toContain(word);
  }
  expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120);
});
