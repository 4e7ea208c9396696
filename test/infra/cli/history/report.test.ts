import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { History, TopPages } from '../../../../infra/cli/history/history.ts';
import { historyPage } from '../../../../infra/cli/history/html.ts';
import { markup } from '../../../../infra/cli/history/markup.ts';
import { reportFile, writeReport } from '../../../../infra/cli/history/report-file.ts';
import { seriesOf } from '../../../../infra/cli/history/series.ts';
import { summaryOf } from '../../../../infra/cli/history/summary.ts';
import { chartSvg } from '../../../../infra/cli/history/svg.ts';
import type { Manifest } from '../../../../shared/snapshots/manifest.ts';
import { slotAt } from '../../../../shared/snapshots/slot.ts';
import { minute, taken } from '../snapshot/stand-in.ts';

const start = Date.parse('2026-11-22T12:00:00Z');
const period = 5 * minute;
const slot = (index: number) => slotAt(start + index * period);
const whole = (index: number, visitors: number, missed = 0) =>
  taken(slot(index), { visitors, missed, previous: slot(index - missed - 1) });

const gap = (index: number): Manifest => ({
  ...{ status: 'gap', groupid: '12345', snapshot: slot(index), reason: 'failed' },
});

const hostile = `shop.example/"><script>alert('1')</script>&amp;\u001b[31m\u202e`;
const pages: TopPages = {
  top: [
    { page: 'shop.example/pricing', visitors: 60 },
    { page: hostile, visitors: 20 },
  ],
  ...{ visitors: 100, without: 20, beyond: 0, read: 2, of: 9, unreadable: 0 },
};

function history(manifests: readonly Manifest[], part: Partial<History> = {}): History {
  const series = seriesOf(manifests, { from: start, to: start + 12 * period }, period);
  const summary = summaryOf(series, manifests);
  return { groupid: '12345', from: 'the local run', manifests, series, summary, unreadable: 0, ...part };
}

const some = [whole(0, 40), whole(1, 1_234), whole(2, 0), whole(7, 60, 4)];

describe('the chart as an image', () => {
  const svg = chartSvg(history(some));

  test('is XML that stands alone, with words for those who do not see it', () => {
    expect(XMLValidator.validate(svg)).toBe(true);
    const parsed = new XMLParser({ ignoreAttributes: false }).parse(svg);
    expect(parsed.svg).toMatchObject({
      '@_xmlns': 'http://www.w3.org/2000/svg',
      '@_role': 'img',
      title: { '#text': 'Visitors of group 12345' },
      desc: {
        '#text':
          '2026-11-22 12:00 to 2026-11-22 13:00 UTC: at most 1,234, at 2026-11-22 12:05; 333.5 on average; 4 snapshots, 4 missing.',
      },
    });
  });

  test('has a line for each run, and a hatched field, and no line, where snapshots are missing', () => {
    expect(svg.match(/<path class="line" d="[^"]+"/g)).toEqual([
      '<path class="line" d="M64 293.2L137.3 89.4L210.7 300H284"',
      '<path class="line" d="M577.3 289.8H650.7"',
    ]);
    expect(svg).toContain('<rect class="gap" x="284" y="44" width="293.3" height="256"/>');
    // However wide the words are, the box stands beside them.
    expect(svg).toContain('<text x="920" y="20" text-anchor="end">no snapshot: 4 missing</text>');
    expect(svg).toContain('<rect class="gap" x="928" y="9" width="16" height="13" rx="2"/>');
    expect(svg).toContain('UTC: no snapshot</title>');
  });

  test('stays small, and keeps its peak, however many snapshots there are', () => {
    const range = { from: start, to: start + 20_000 * period };
    const many = Array.from({ length: 20_000 }, (_, index) =>
      whole(index, index === 7_777 ? 900 : index % 100),
    );
    const series = seriesOf(many, range, period);
    const large = chartSvg({ ...history([]), series, summary: summaryOf(series, many) });
    expect(large.length).toBeLessThan(60_000);
    expect(large).toMatch(/<text class="most"[^>]+>900<\/text>/);
    const [, line = ''] = /class="line" d="([^"]+)"/.exec(large) ?? [];
    const heights = [...line.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => Number(y));
    expect(Math.min(...heights)).toBe(300 - (900 / 1_000) * 256);
  });

  test('of nothing is an empty one', () => {
    const empty = chartSvg(history([]));
    expect(XMLValidator.validate(empty)).toBe(true);
    expect(empty).toContain('no snapshots.</desc>');
    expect(empty).not.toMatch(/class="(line|area|gap|peak)"|NaN/);
  });
});

describe('the page', () => {
  const page = historyPage(history(some, { pages }), start);

  test('has the numbers, the chart and the pages', () => {
    for (const part of [
      '<h1>Visitors of group 12345</h1>',
      '<dt>Most visitors</dt><dd>1,234<small>at 2026-11-22 12:05</small></dd>',
      '<dt>Snapshots</dt><dd>4<small>4 missing</small></dd>',
      '<dt>Arrivals</dt><dd>4</dd>',
      '<svg xmlns=',
      '4 snapshots are missing, of 8: nobody knows who was there then.',
      '<th scope="row">shop.example/pricing</th>',
      '<td>60.0 %</td><td>60</td>',
      'Of 2 snapshots, evenly chosen among 9. A visitor counts once in each. 20 of 100 had no page.',
    ])
      expect(page).toContain(part);
  });

  test('lets nothing of a visitor be more than text, and needs nothing from anywhere', () => {
    expect(page).toContain(
      'shop.example/&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;\u{FFFD}[31m\u{FFFD}',
    );
    expect(page).not.toMatch(/<script|<link|<img|@import|\son\w+=|javascript:/i);
    expect(page.match(/https?:\/\/[^"]+/g)).toEqual(['http://www.w3.org/2000/svg']);
    expect(page).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">`,
    );
  });

  test('says where pages are not kept, and leaves them out where nobody asked', () => {
    expect(historyPage(history(some, { pages: 'not kept' }), start)).toContain('Pages are not kept');
    expect(historyPage(history(some), start)).not.toContain('<h2>Pages</h2>');
  });

  test.for([
    [[], 'There is no snapshot of that time.'],
    [[gap(0)], '1 snapshot is missing, of 1: nobody knows who was there then.'],
  ] as const)('of no snapshot never says that nobody was there (%#)', ([manifests, says]) => {
    const read = { visitors: 0, without: 0, beyond: 0, read: 0, of: 0, unreadable: 0 };
    const text = historyPage(history(manifests, { pages: { top: [], ...read } }), start);
    expect(text).toContain(says);
    expect(text).not.toContain('Nobody was there');
    expect(text).not.toContain('<h2>Pages</h2>');
  });
});

test('any text is text in markup, and comes out as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const xml = `<t a="${markup(text)}">${markup(text)}</t>`;
      expect(XMLValidator.validate(xml)).toBe(true);
      expect(markup(text)).not.toMatch(/[<>"']/);
      const back = markup(text).replaceAll(/&#?\w+;/g, (entity) => entities[entity] ?? '');
      expect(back).toBe(text.replaceAll(/\p{C}/gu, '\u{FFFD}'));
    }),
  );
});
const entities: Record<string, string> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

describe('a report', () => {
  function folder(): string {
    const made = mkdtempSync(path.join(tmpdir(), 'presence-relay-'));
    onTestFinished(() => rmSync(made, { recursive: true }));
    return made;
  }

  test('is a page or the chart alone, as its name ends, in the place of what was there', async () => {
    const where = folder();
    const [page, chart] = [path.join(where, 'week.html'), path.join(where, 'week.svg')];
    writeFileSync(page, 'of before');
    await writeReport(page, history(some), start);
    await writeReport(chart, history(some), start);
    expect(readdirSync(where).toSorted()).toEqual(['week.html', 'week.svg']);
    expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>/);
    const text = readFileSync(chart, 'utf8');
    expect([text.startsWith('<?xml version="1.0"'), XMLValidator.validate(text)]).toEqual([true, true]);
  });

  test('that cannot be put in its place leaves nothing behind, and says where and why', async () => {
    const where = folder();
    const inTheWay = mkdtempSync(path.join(where, 'x'));
    writeFileSync(path.join(inTheWay, 'file'), '');
    const written = writeReport(inTheWay, history(some), start);
    await expect(written).rejects.toThrow(`the report could not be written to ${inTheWay} (EISDIR)`);
    expect(readdirSync(where)).toEqual([path.basename(inTheWay)]);
  });

  test.for([
    ['week.pdf', 'ends in .html or .svg'],
    ['week', 'ends in .html or .svg'],
    ['nowhere/week.html', 'there is no folder'],
  ] as const)('to %s is refused before anything is read', async ([name, says]) => {
    await expect(reportFile(path.join(folder(), name))).rejects.toThrow(says);
  });
});
