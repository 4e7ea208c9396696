import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleFunctions } from '../../infra/bundle.ts';
import { endpointFunctions, functions } from '../../infra/functions.ts';
import { invokeBundle, startOneVisitorService, webhookConfig } from '../support/bundles.ts';

const names = functions.map(({ name }) => name);
let folder: string;
let metafile: Metafile;
let service: Awaited<ReturnType<typeof startOneVisitorService>>;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bundles-'));
  metafile = await bundleFunctions(folder, { config: webhookConfig });
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
    expect({ answer, log }).toMatchObject(did[name] ?? { answer: expect.stringContaining('200') });
    expect(loaded.filter((module) => /internal\/deps\/undici|http2|sqlite|quic/.test(module))).toEqual([]);
  });
});

const line = (form: RegExp) => expect.stringMatching(form);

/** What shows that a function has done its work, where that is not its status. */
const did: Readonly<Record<string, object>> = {
  'refresh-token': { log: [line(/"token renewed"/)] },
  deliver: {
    answer: '{"batchItemFailures":[]}',
    log: [line(/"signal ended".*"sent"/)],
  },
  snapshot: {
    answer: expect.stringContaining('"taken"'),
    log: [line(/"snapshot taken".*"VisitorsPresent":1/)],
  },
  webhook: { answer: expect.stringContaining('202'), log: [/signal accepted/, /webhook accepted/].map(line) },
};

describe('a client', () => {
  const ofSdk = /@aws-sdk\/client-(sqs|dynamodb)\//;
  const besides = async (name: string) => {
    const files = await readdir(path.join(folder, name));
    return files.filter((file) => file.endsWith('.js') && file !== 'index.js').sort();
  };

  test.each(endpointFunctions)(
    'that few calls of $name need lies beside it, to be loaded by them',
    async ({ name }) => {
      const keeps = name === 'signalvisitor' || name === 'signals';
      expect(inputsOf(name).filter((input) => ofSdk.test(input))).toEqual([]);
      expect(await besides(name)).toEqual(keeps ? ['dynamodb.js', 'sqs.js'] : ['sqs.js']);
    },
  );

  test('that every webhook needs is in the bundle', () => {
    expect(inputsOf('webhook').some((input) => /@aws-sdk\/client-sqs\//.test(input))).toBe(true);
  });

  test('that nobody needs is not there', async () => {
    expect(await besides('refresh-token')).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual([...names, 'package.json'].sort());
  });
});

describe('of relay.config.ts', () => {
  test('no function but that of webhooks has anything', () => {
    const holders = names.filter((name) =>
      inputsOf(name).some((input) => /webhook-config|webhooks\//.test(input)),
    );
    expect(holders).toEqual(['webhook']);
  });

  test('that function has the sources that are used, and none of the others or of the checks', () => {
    const shared = inputsOf('webhook').filter((input) =>
      /^(shared\/webhooks|shared\/api\/config)/.test(input),
    );
    expect(shared).toContain('shared/webhooks/standard-webhooks.ts');
    expect(
      shared.filter((input) => /hubspot|xml|config\/(relay|groups|callers|deployment)/.test(input)),
    ).toEqual([]);
  });

  test('a file without sources makes a function that takes no webhooks', async () => {
    await using stack = new AsyncDisposableStack();
    const other = await mkdtemp(path.join(tmpdir(), 'bundles-'));
    stack.defer(() => rm(other, { recursive: true }));
    const config = path.join(other, 'relay.config.ts');
    const relay = JSON.stringify(path.resolve('shared/api/config/relay.ts'));
    await writeFile(
      config,
      `import { defineRelay } from ${relay}; export default defineRelay({ groups: { 1: {} } });`,
    );
    await bundleFunctions(path.join(other, 'out'), { config });
    const file = path.join(other, 'out/webhook/index.js');
    const { answer } = await invokeBundle(file, 'webhook', service.origin);
    expect(answer).toContain('401');
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
