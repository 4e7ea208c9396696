import { describe, expect, test } from 'vitest';
import type * as z from 'zod/mini';
import { snapshotQueries } from '../../../infra/constructs/snapshot-queries.ts';
import { manifest } from '../../../shared/snapshots/manifest.ts';
import { resourcesOf, templateOf, watched } from '../../support/stack.ts';

const queries = snapshotQueries({ groupid: '12345', everyMinutes: 5, retentionDays: 90 });

/** What may stand behind `$.` in the lines of a table. */
const paths: Readonly<Record<string, (path: string) => boolean>> = {
  snapshots: (path) => manifestFields.includes(path),
  // What else a visitor has, is up to the Presence service: the address of the page is known to be there.
  visitors: (path) => ['snapshot', 'visitorid', 'visitor', 'visitor.url'].includes(path),
};
const manifestFields = manifest._zod.def.options.flatMap((option) =>
  Object.keys((option as z.ZodMiniObject).shape),
); // each is one

/** Without comments. */
function bare(sql: string): string {
  return sql.replaceAll(/--.*$/gm, '');
}

/** The tables that it reads, and not what it calls tables itself. */
function tablesOf(sql: string): string[] {
  const own = Array.from(bare(sql).matchAll(/(\w+) AS \(/g), ([, name]) => name);
  const read = Array.from(bare(sql).matchAll(/(?:FROM|JOIN) (\w+)/g), ([, name = '']) => name);
  return [...new Set(read.filter((name) => !own.includes(name)))];
}

describe.each(queries)('the query “$name”', ({ sql, says }) => {
  test('reads the tables of the catalog and nothing else', () => {
    const tables = tablesOf(sql);
    expect(tables.length).toBeGreaterThan(0);
    for (const table of tables) expect(Object.keys(paths)).toContain(table);
  });

  test('reads what their lines have', () => {
    const tables = tablesOf(sql);
    const read = Array.from(
      sql.matchAll(/json_extract(?:_scalar)?\(line, '\$\.([^']*)'\)/g),
      ([, path = '']) => path,
    );
    expect(read.length).toBe(sql.match(/json_extract(_scalar)?\(/g)?.length);
    for (const path of read) expect(tables.some((table) => paths[table]?.(path))).toBe(true);
  });

  test('reads of each table one group and certain days alone, so that it costs no more than it must', () => {
    const reads = bare(sql)
      .split(/FROM (?=visitors\b|snapshots\b)/)
      .slice(1);
    expect(reads.length).toBeGreaterThan(0);
    for (const read of reads) expect(read).toMatch(/^\w+\s+WHERE groupid = '12345'\s+AND day (=|>=) /);
  });

  test('says first what it answers, and leaves nothing to fill in', () => {
    expect(sql).toMatch(/^-- [A-Z]/);
    expect(says).toMatch(/\.$/);
    expect(sql).not.toMatch(/[{}]|undefined|NaN|\?\?/);
  });

  test('is a single statement, whose brackets and quotes are closed', () => {
    expect(sql).not.toContain(';');
    expect((bare(sql).match(/'/g) ?? []).length % 2).toBe(0);
    const open = bare(sql).replaceAll(/'[^']*'/g, '');
    expect(open.match(/\(/g)?.length).toBe(open.match(/\)/g)?.length);
  });
});

test('The queries are those that are saved, in the workgroup, for the first group that has snapshots', () => {
  const template = templateOf({ ...watched, groups: { 72: {}, 12345: { snapshots: { everyMinutes: 60 } } } });
  const saved = resourcesOf(template, 'AWS::Athena::NamedQuery').map(([, { Properties }]) => Properties);
  expect(saved.map(({ Name, WorkGroup, Database }) => [Name, WorkGroup, Database])).toEqual(
    queries.map(({ name }) => [name, 'presence-relay-prod', 'presence_relay_prod']),
  );
  for (const { QueryString } of saved) expect(QueryString).toContain("groupid = '12345'");
  // Two periods.
  expect(saved.find(({ Name }) => Name.startsWith('Dwell'))?.QueryString).toContain('SELECT 7200 AS longest');
});

test('No query asks for days that are gone', () => {
  for (const { sql } of snapshotQueries({ groupid: '1', everyMinutes: 5, retentionDays: 1 }))
    for (const [, days] of sql.matchAll(/interval '(\d+)' day/g)) expect(Number(days)).toBeLessThanOrEqual(1);
});
