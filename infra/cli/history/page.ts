import * as z from 'zod/mini';

const located = z.object({ url: z.string() });
/** Of a page; whoever has more of it, is counted with those that begin alike. */
const mostLetters = 300;

/** Where a visitor is: host and path of its `url`, without what may tell more of the person. */
export function pageOf(visitor: unknown): string | undefined {
  const { data } = located.safeParse(visitor);
  const page = data && withoutQuery(data.url.trim()).slice(0, mostLetters);
  return page === '' ? undefined : page;
}

function withoutQuery(url: string): string {
  const address = URL.parse(url);
  if (address && /^https?:$/.test(address.protocol)) return address.host + address.pathname;
  return url.replace(/[?#].*$/s, '');
}

export interface PageCount {
  readonly page: string;
  readonly visitors: number;
}

/** Visitors by their pages, in bounded memory. */
export class PageCounts {
  readonly #most: number;
  readonly #counts = new Map<string, number>();
  /** All that were counted. */
  visitors = 0;
  /** Of them, those without a page. */
  without = 0;
  /** Of them, those of pages for which there was no room any more. */
  beyond = 0;

  constructor(most = 100_000) {
    this.#most = most;
  }

  add(page: string | undefined): void {
    this.visitors += 1;
    if (page === undefined) this.without += 1;
    else if (this.#counts.size < this.#most || this.#counts.has(page))
      this.#counts.set(page, (this.#counts.get(page) ?? 0) + 1);
    else this.beyond += 1;
  }

  /** Those with the most visitors first. */
  top(count: number): PageCount[] {
    const pages = [...this.#counts].map(([page, visitors]) => ({ page, visitors }));
    pages.sort((one, other) => other.visitors - one.visitors || (one.page < other.page ? -1 : 1));
    return pages.slice(0, count);
  }
}
