import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleFunctions } from '../infra/bundle.ts';

const root = path.resolve(import.meta.dirname, '..');

/** A room of the house, and the rooms that it must not know. */
const closedDoors: [string, RegExp][] = [
  ['shared', /^(functions|infra|test|relay\.config)/],
  ['functions', /^(functions|infra|test|relay\.config)/],
  ['infra', /^(functions|test|shared\/(?!api\/|runtime\/|authorization\/(metrics|request)\.ts))/],
  ['infra/local', /^infra\/(constructs|cli|stack|app)/],
  ['infra/constructs', /^infra\/(local|cli|app|stack)/],
  ['shared/presence', /^shared\/(?!presence\/|runtime\/)/],
  ['shared/authorization', /^shared\/(?!authorization\/|presence\/|runtime\/)/],
  ['shared/runtime', /^shared\/(?!runtime\/)/],
  ['infra/local/http', /^(shared\/|infra\/local\/(?!http\/))/],
  ['infra/local/presence', /^(shared\/|infra\/local\/(?!presence\/|http\/))/],
  ['infra/local/site', /^(shared\/|infra\/local\/(?!site\/|http\/))/],
  ['relay.config.ts', /^(functions|infra|test|shared\/(?!api\/config))/],
];

/** The command line programs are the other edge of the house: like the functions, they use what is shared. */
const openDoors: [string, RegExp][] = [['infra/cli', /^shared\//]];

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

describe('a bundle', () => {
  let inputs: string[];
  beforeAll(async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'house-'));
    const { outputs } = await bundleFunctions(folder);
    await rm(folder, { recursive: true });
    const parts = Object.values(outputs).flatMap(({ inputs: parts }) => Object.entries(parts));
    inputs = parts.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([input]) => input);
  });

  test('holds nothing but functions, shared, and the three libraries with what they need', () => {
    const known =
      /^(functions|shared|slim:|node_modules\/(@aws-sdk|@aws-crypto|@aws|@smithy|undici|zod|tslib)\/)/;
    expect(inputs.filter((input) => !known.test(input))).toEqual([]);
  });

  test('holds no OpenAPI document, no XML parser, and nothing that is needed at synthesis alone', () => {
    const foreign = /openapi|xml-parser|fast-xml|api\/config\/(relay|deployment)\.ts/;
    expect(inputs.filter((input) => foreign.test(input))).toEqual([]);
  });
});

test('everything runs on Node 24', () => {
  expect(process.versions.node).toMatch(/^24\./);
});
