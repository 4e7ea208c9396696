import { type History, shareOf, type TopPages } from './history.ts';
import { markup } from './markup.ts';
import { notKept, pageNotes, snapshotNotes } from './notes.ts';
import { chartSvg, mostPoints } from './svg.ts';
import { harmless, number, percent, time } from './words.ts';

/** Nothing but what stands in the page: no program, no other file, no form. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** A history as one page, which needs nothing else. `now`: when it was made. */
export function historyPage(history: History, now: number): string {
  const { groupid, from, series, pages } = history;
  const { range } = series;
  const title = markup(`Visitors of group ${groupid}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<h1>${title}</h1>
<p>${time(range.from)} to ${time(range.to)} UTC, ${markup(from)}</p>
</header>
<dl class="figures">
${figuresOf(history).join('\n')}
</dl>
<figure>
${chartSvg(history)}
</figure>
${notesOf(snapshotNotes(history, mostPoints))}
${pages === undefined || history.summary.snapshots === 0 ? '' : pagesOf(pages)}
<footer>Made by Presence Relay at ${time(toSecond(now))} UTC.</footer>
</main>
</body>
</html>
`;
}

function figuresOf({ summary }: History): string[] {
  const { snapshots, missing, peak, average, newest, arrivals, departures, compared } = summary;
  const changes = (count: number) => (compared === 0 ? '–' : number(count));
  return [
    figure('Most visitors', peak ? number(peak.visitors) : '–', peak && `at ${time(peak.at)}`),
    figure('On average', average === undefined ? '–' : number(average)),
    figure('Newest', newest ? number(newest.visitors) : '–', newest && `at ${time(newest.at)}`),
    figure('Arrivals', changes(arrivals)),
    figure('Departures', changes(departures)),
    figure('Snapshots', number(snapshots), missing > 0 ? `${number(missing)} missing` : undefined),
  ];
}

function figure(name: string, value: string, more?: string): string {
  const small = more === undefined ? '' : `<small>${markup(more)}</small>`;
  return `<div><dt>${markup(name)}</dt><dd>${markup(value)}${small}</dd></div>`;
}

function notesOf(notes: readonly string[]): string {
  return notes.length === 0 ? '' : `<p class="notes">${notes.map(markup).join(' ')}</p>`;
}

function pagesOf(pages: TopPages | 'not kept'): string {
  if (pages === 'not kept') return `<section><h2>Pages</h2>${notesOf([notKept])}</section>`;
  const most = pages.top[0] ? shareOf(pages.top[0], pages) : 1;
  const rows = pages.top.map((page) => {
    const share = shareOf(page, pages);
    const bar = `<i style="width:${((share / most) * 100).toFixed(1)}%"></i>`;
    const cells = `<td class="bar" aria-hidden="true">${bar}</td><td>${percent(share)}</td><td>${number(page.visitors)}</td>`;
    return `<tr><th scope="row">${markup(harmless(page.page, 200))}</th>${cells}</tr>`;
  });
  const head =
    '<thead><tr><th scope="col">Page</th><td class="bar"></td><th scope="col">Share</th><th scope="col">Visitors</th></tr></thead>';
  const table = rows.length === 0 ? '' : `<table>${head}\n<tbody>\n${rows.join('\n')}\n</tbody></table>`;
  return `<section>\n<h2>Pages</h2>\n${table}\n${notesOf(pageNotes(pages))}\n</section>`;
}

function toSecond(at: number): number {
  return Math.floor(at / 1_000) * 1_000;
}

const style = `
:root { --paper: #ffffff; --ground: #f4f5f7; --ink: #1c2024; --quiet: #60646c; --rule: #e0e3e7; --line: #0b68cb; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #15181c; --ground: #0d0f11; --ink: #edeef0; --quiet: #a0a6ae; --rule: #2b3036; --line: #6cb2ff; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); line-height: 1.5;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1020px; margin: 0 auto; padding: 40px 20px 32px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0; letter-spacing: -.01em; }
header p { color: var(--quiet); margin: 6px 0 28px; }
h2 { font-size: 19px; margin: 0 0 10px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 1px; margin: 0 0 20px;
  background: var(--rule); border: 1px solid var(--rule); border-radius: 10px; overflow: hidden; }
.figures div { background: var(--paper); padding: 14px 18px; }
dt { color: var(--quiet); font-size: 13px; }
dd { margin: 2px 0 0; font-size: 25px; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }
dd small { display: block; margin-top: 3px; font-size: 12.5px; font-weight: 400; color: var(--quiet); }
figure, section { margin: 0 0 20px; padding: 18px; background: var(--paper); border: 1px solid var(--rule);
  border-radius: 10px; overflow-x: auto; }
figure { padding: 10px 12px; }
.chart { display: block; width: 100%; min-width: 620px; height: auto; }
.chart .heading { display: none; }
.notes { color: var(--quiet); font-size: 14px; margin: 0 4px 20px; }
section .notes { margin: 14px 0 0; }
table { width: 100%; border-collapse: collapse; font-size: 15px; }
thead th { color: var(--quiet); font-weight: 400; font-size: 13px; }
th { text-align: left; font-weight: 400; }
tbody th { overflow-wrap: anywhere; }
td, th { padding: 7px 10px 7px 0; border-bottom: 1px solid var(--rule); vertical-align: baseline; }
tbody tr:last-child > * { border-bottom: 0; }
td:nth-child(n + 3), th:nth-child(n + 3) { text-align: right; white-space: nowrap; padding-right: 0; padding-left: 12px;
  font-variant-numeric: tabular-nums; }
.bar { width: 26%; min-width: 60px; }
.bar i { display: block; height: 10px; border-radius: 5px; background: var(--line); min-width: 2px; }
footer { color: var(--quiet); font-size: 13px; margin: 0 4px; }
@media (max-width: 560px) { main { padding: 24px 12px; } thead .bar, tbody .bar { display: none; } }
@media print { body { background: none; } }
`;
