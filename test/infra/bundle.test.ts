import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleFunctions } from '../../infra/bundle.ts';
import { functions } from '../../infra/functions.ts';

const names = functions.map(({ name }) => name);
const invoker = path.join(import.meta.dirname, '../support/invoke-bundle.cjs');
let folder: string;
let metafile: Metafile;
let service: Server;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bundles-'));
  metafile = await bundleFunctions(folder);
  // Secrets Manager and a load-balanced Presence service in one, as far as one visitor goes.
  service = createServer((request, response) => {
    const secret = { SecretString: 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl' };
    response.end(JSON.stringify(request.headers['x-amz-target'] ? secret : { visitorfound: true }));
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  service.close();
  await rm(folder, { recursive: true });
});

describe.each(names)('the bundle of %s', (name) => {
  test('is at most 750 KB', async () => {
    const { size } = await stat(path.join(folder, name, 'index.js'));
    expect(size).toBeLessThanOrEqual(750_000);
  });

  test('has its source map beside it', async () => {
    expect((await stat(path.join(folder, name, 'index.js.map'))).size).toBeGreaterThan(0);
  });

  test('holds no part of the fetch stack, of HTTP/2, or of a credential provider but the environment', () => {
    expect(inputsOf(name).filter((input) => unwanted.test(input))).toEqual([]);
  });

  test('answers a call, and has loaded neither the fetch stack nor HTTP/2 by then', async () => {
    const { answer, loaded } = await invoke(name);
    expect(answer).toContain('200');
    expect(loaded.filter((module) => /internal\/deps\/undici|http2|sqlite|quic/.test(module))).toEqual([]);
  });
});

const unwanted =
  /undici\/lib\/(web|mock|cache|dispatcher\/client-h2)|credential-provider-(?!env)|nested-clients|http2/;

function inputsOf(name: string): string[] {
  const [, output] =
    Object.entries(metafile.outputs).find(([file]) => file.endsWith(`/${name}/index.js`)) ?? [];
  return Object.entries(output?.inputs ?? {})
    .filter(([, { bytesInOutput }]) => bytesInOutput > 200)
    .map(([input]) => input);
}

/** Loads the bundle in a process of its own and hands it one event, as Lambda would. */
async function invoke(name: string): Promise<{ answer: string; loaded: string[] }> {
  const { port } = service.address() as { port: number };
  const origin = `http://127.0.0.1:${port}`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [invoker, path.join(folder, name, 'index.js')],
    {
      env: {
        AWS_REGION: 'local',
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
        AWS_ENDPOINT_URL_SECRETS_MANAGER: origin,
        RELAY_GROUPS: JSON.stringify({ 12345: { presence: origin, secret: 'token' } }),
      },
    },
  );
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n', stdout.length - 2) + 1));
}
