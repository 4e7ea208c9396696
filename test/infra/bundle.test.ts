import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleFunctions } from '../../infra/bundle.ts';
import { endpointFunctions, functions } from '../../infra/functions.ts';
import { invokeBundle, startOneVisitorService } from '../support/bundles.ts';

const names = functions.map(({ name }) => name);
let folder: string;
let metafile: Metafile;
let service: Awaited<ReturnType<typeof startOneVisitorService>>;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bundles-'));
  metafile = await bundleFunctions(folder);
  service = await startOneVisitorService();
});
afterAll(async () => {
  service[Symbol.dispose]();
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

  test('does its work, and has loaded neither the fetch stack nor HTTP/2 by then', async () => {
    const file = path.join(folder, name, 'index.js');
    const { answer, failure, loaded, log } = await invokeBundle(file, name, service.origin);
    expect(failure).toBeUndefined();
    if (name === 'refresh-token') expect(log).toEqual([expect.stringContaining('"token renewed"')]);
    else expect(answer).toContain('200');
    expect(loaded.filter((module) => /internal\/deps\/undici|http2|sqlite|quic/.test(module))).toEqual([]);
  });
});

test('the client of SQS lies beside the functions that may ask for a token, to be loaded when they do', () => {
  for (const { name } of endpointFunctions) {
    expect(inputsOf(name).filter((input) => /client-sqs/.test(input))).toEqual([]);
    expect(Object.keys(metafile.outputs).some((file) => file.endsWith(`/${name}/sqs.js`))).toBe(true);
  }
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
