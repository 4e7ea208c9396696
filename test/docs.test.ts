import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };

const root = path.resolve(import.meta.dirname, '..');
const pages = ['README.md', ...readdirSync(path.join(root, 'docs')).map((name) => `docs/${name}`)].filter(
  (page) => page.endsWith('.md'),
);

function textOf(page: string): string {
  return readFileSync(path.join(root, page), 'utf8');
}

/** GitHub's name for a heading. */
function anchorsOf(page: string): string[] {
  return Array.from(textOf(page).matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(pages)('%s', (page) => {
  test('links to what there is', () => {
    const links = Array.from(textOf(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g));
    for (const [, file = '', anchor] of links) {
      const target = file ? path.join(path.dirname(page), file) : page;
      expect(existsSync(path.join(root, target)), target).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(target), `${target}#${anchor}`).toContain(anchor);
    }
  });

  test('names only files that there are', () => {
    const named = Array.from(textOf(page).matchAll(/`((?:test|infra|shared|functions|docs)\/[\w./-]+)`/g));
    for (const [, file = ''] of named) expect(existsSync(path.join(root, file)), file).toBe(true);
  });

  test('names only commands that there are', () => {
    const commands = Array.from(textOf(page).matchAll(/npm run (?:--silent )?([\w:]+)/g), ([, name]) => name);
    for (const name of commands) expect(Object.keys(packageJson.scripts)).toContain(name);
  });
});
