import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleFunctions } from '../infra/bundle.ts';
import { functions } from '../infra/functions.ts';

const root = path.resolve(import.meta.dirname, '..');

/** A room of the house, and the rooms that it must not know. */
const closedDoors: [string, RegExp][] = [
  ['shared', /^(functions|infra|test|relay\.config)/],
  ['functions', /^(functions|infra|test|relay\.config)/],
  [
    'infra',
    /^(functions|test|shared\/(?!api\/|runtime\/|authorization\/(metrics|request)\.ts|signals\/(limits|metrics)\.ts|snapshots\/(keys|metrics|request)\.ts|webhooks\/(intake\/metrics|source)\.ts))/,
  ],
  ['infra/local', /^infra\/(constructs|cli|stack|app)/],
  ['infra/constructs', /^infra\/(local|cli|app|stack)/],
  ['shared/presence', /^shared\/(?!presence\/|runtime\/)/],
  ['shared/authorization', /^shared\/(?!authorization\/|presence\/|runtime\/)/],
  ['shared/signals', /^shared\/(?!signals\/|presence\/|runtime\/)/],
  ['shared/snapshots', /^shared\/(?!snapshots\/|presence\/|runtime\/)/],
  [
    'shared/webhooks',
    /^shared\/(?!webhooks\/|runtime\/|presence\/(ids|message)\.ts|signals\/(signal|queue|dead-letter|ids)\.ts)/,
  ],
  ['shared/runtime', /^shared\/(?!runtime\/)/],
  ['infra/local/http', /^(shared\/|infra\/local\/(?!http\/))/],
  ['infra/local/presence', /^(shared\/|infra\/local\/(?!presence\/|http\/))/],
  ['infra/local/site', /^(shared\/|infra\/local\/(?!site\/|http\/))/],
  ['relay.config.ts', /^(functions|infra|test|shared\/(?!api\/config|webhooks\/))/],
];

/**
 * The command line programs are the other edge of the house: like the functions, they use what is shared. And what
 * `relay.config.ts` makes of webhooks is for the one function that takes them; the samples are made as it is.
 */
const openDoors: [string, RegExp][] = [
  ['infra/cli', /^shared\//],
  ['infra/local/samples.ts', /^shared\/webhooks\//],
  ['functions/webhook.ts', /^relay\.config\.ts$/],
  ['infra/emulated', /^shared\/presence\/ids\.ts$/],
];

function isOpen(from: string, to: string): boolean {
  return openDoors.some(([room, open]) => from.startsWith(room) && open.test(to));
}

/** Every import of a file of the house, types included, as `[importer, imported]` from the root. */
function arrows(): [string, string][] {
  const places = ['functions', 'infra', 'shared', 'relay.config.ts'];
  return places.flatMap(filesIn).flatMap((file) => {
    const source = readFileSync(path.join(root, file), 'utf8');
    const imports = source.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g);
    return Array.from(imports, ([, target = '']): [string, string] => [
      file,
      path.relative(root, path.resolve(root, path.dirname(file), target)).replaceAll(path.sep, '/'),
    ]);
  });
}

function filesIn(place: string): string[] {
  if (place.endsWith('.ts')) return [place];
  return readdirSync(path.join(root, place), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${place}/${file.replaceAll(path.sep, '/')}`);
}

test.each(closedDoors)('%s imports nothing of what it must not know', (room, closed) => {
  const crossings = arrows().filter(
    ([from, to]) => from.startsWith(room) && closed.test(to) && !isOpen(from, to),
  );
  expect(crossings).toEqual([]);
});

test('the arrows are read at all', () => {
  expect(arrows()).toContainEqual(['functions/query.ts', 'shared/api/edge.ts']);
  expect(arrows().length).toBeGreaterThan(60);
});

describe('the bundle of', () => {
  let inputs: Map<string, string[]>;

  beforeAll(async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'house-'));
    const { outputs } = await bundleFunctions(folder, {
      config: path.join(root, 'infra/local/relay.config.ts'),
    });
    await rm(folder, { recursive: true });
    const bundles = Object.entries(outputs).filter(([file]) => file.endsWith('/index.js'));
    inputs = new Map(
      bundles.map(([file, { inputs: parts }]) => [
        path.basename(path.dirname(file)),
        Object.entries(parts).flatMap(([input, { bytesInOutput }]) => (bytesInOutput > 0 ? [input] : [])),
      ]),
    );
  });

  /** What the functions share: the three libraries with what they need. */
  const known =
    /^(functions|shared|slim:|node_modules\/(@aws-sdk|@aws-crypto|@aws|@smithy|undici|zod|tslib)\/)/;
  /** Of the source that reads XML. */
  const xml =
    /^node_modules\/(fast-xml-parser|@nodable\/entities|path-expression-matcher|strnum|anynum|is-unsafe|xml-naming)\//;
  /** What the client of DynamoDB keeps addresses in. */
  const dynamodb = /^node_modules\/(mnemonist|obliterator)\//;
  const configuration = /^(relay\.config|infra\/local\/(relay\.config|samples)|infra\/mappings|mappings:)/;

  test.each(functions.map(({ name }) => name))('%s holds what it needs, and nothing else', (name) => {
    const foreign = (inputs.get(name) ?? []).filter((input) => !known.test(input));
    const allowed = { webhook: [xml, configuration], deliver: [dynamodb], snapshot: [dynamodb] }[name] ?? [];
    expect(foreign.filter((input) => !allowed.some((one) => one.test(input)))).toEqual([]);
  });

  test.each(functions.map(({ name }) => name))(
    '%s holds nothing that is needed at synthesis alone',
    (name) => {
      const foreign = /openapi|api\/config\/(deployment|webhooks)\.ts/;
      expect(inputs.get(name)?.filter((input) => foreign.test(input))).toEqual([]);
    },
  );

  test('webhook knows nothing of the Presence service', () => {
    const foreign = /shared\/(presence\/(?!ids|message)|authorization)|undici/;
    expect(inputs.get('webhook')?.filter((input) => foreign.test(input))).toEqual([]);
  });

  test('every other function knows nothing of webhooks', () => {
    const others = [...inputs].filter(([name]) => name !== 'webhook').flatMap(([, parts]) => parts);
    expect(others.filter((input) => /shared\/webhooks/.test(input))).toEqual([]);
  });

  test('snapshot alone knows of snapshots and of S3', () => {
    const others = [...inputs].filter(([name]) => name !== 'snapshot').flatMap(([, parts]) => parts);
    expect(others.filter((input) => /shared\/snapshots|client-s3/.test(input))).toEqual([]);
  });

  test('an endpoint holds no way to deliver later', () => {
    const others = [...inputs].filter(([name]) => name !== 'deliver').flatMap(([, parts]) => parts);
    expect(
      others.filter((input) => /shared\/signals\/(delivery|attempts|batch|line)\.ts/.test(input)),
    ).toEqual([]);
  });
});

test('everything runs on Node 24', () => {
  expect(process.versions.node).toMatch(/^24\./);
});
