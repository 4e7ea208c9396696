import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../../../infra/local/cli/emulator.ts', import.meta.url));

function start(...args: string[]) {
  return spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function outcome(...args: string[]) {
  const child = start(...args);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { stdout, stderr, code };
}

test.for(['SIGINT', 'SIGTERM'] as const)(
  'scripts get one line of JSON, and %s ends it within a second',
  async (signal) => {
    const child = start(
      '--port',
      '0',
      '--visitors',
      '100000',
      '--group',
      '5',
      '--group',
      '7',
      '--switch',
      'query=array',
      '--switch',
      'authorizeRefusal=403',
      '--switch',
      'authorizeClockSeconds=-600',
      '--switch',
      'jwtExp=false',
    );
    const lines = createInterface({ input: child.stdout });
    const [line] = await once(lines, 'line');
    const { presence, authorize, groups, token, servers } = JSON.parse(line);
    expect([groups, servers.length]).toEqual([[5, 7], 2]);

    const headers = { authorization: `Bearer ${token}` };
    const found = await fetch(`${presence}/query?groupid=5&visitorid=crowd-99999`, { headers });
    expect(await found.json()).toMatchObject([{ visitorid: 'crowd-99999', groupid: '5' }]);

    expect(authorize).toBe(`${presence}/services/AuthorizationService.svc/rest/Authorize`);
    expect((await fetch(`${authorize}?groupid=5`, { method: 'POST', body: '{}' })).status).toBe(403);
    const { switches } = (await (await fetch(`${presence}/emulator`)).json()) as { switches: object };
    expect(switches).toMatchObject({ authorizeClockSeconds: -600, jwtExp: false });

    const more: unknown[] = [];
    lines.on('line', (next) => more.push(next));
    const asked = performance.now();
    child.kill(signal);
    const [code] = await once(child, 'close');
    expect([code, more]).toEqual([0, []]);
    expect(performance.now() - asked).toBeLessThan(1_000);
  },
);

test('--help tells every option and switch', async () => {
  const { stdout, code } = await outcome('--help');
  expect(code).toBe(0);
  for (const word of [
    '--port',
    '--servers',
    '--group',
    '--visitors',
    '--switch',
    '--json',
    'lookupAbsent=empty',
    'Authorization service',
    'authorizeRefusal=401',
  ]) {
    expect(stdout).toContain(word);
  }
});

test.for([
  [['--bad'], "Unknown option '--bad'"],
  [['--port', 'x'], '--port is a whole number from 0 to 65000'],
  [['--servers', '0'], '--servers is a whole number'],
  [['--switch', 'find=x'], '--switch find: '],
  [['--switch', 'keepalive=soon'], '--switch keepalive: '],
  [['--switch', 'tokenSeconds=7201'], '--switch tokenSeconds: '],
  [['--switch', 'authorizeAnswer=text'], '--switch authorizeAnswer: '],
  [['--switch', 'nothing'], '--switch Unrecognized key: "nothing"'],
] as const)('%j is told in one line, with exit code 2', async ([args, line]) => {
  const { stdout, stderr, code } = await outcome(...args);
  expect([stdout, code]).toEqual(['', 2]);
  expect(stderr).toContain(line);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
});

test('a taken port is told in one line, with exit code 1', async () => {
  const child = start('--port', '0');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { port } = new URL(JSON.parse(line).presence);
  const { stderr, code } = await outcome('--port', port);
  expect([stderr, code]).toEqual([`Port ${port} is not to be had for presence: it is taken\n`, 1]);
  child.kill();
  await once(child, 'close');
});
