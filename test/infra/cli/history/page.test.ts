import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PageCounts, pageOf } from '../../../../infra/cli/history/page.ts';

describe('the page of a visitor', () => {
  test.for([
    ['https://shop.example/pricing?plan=gold#top', 'shop.example/pricing'],
    ['http://shop.example:8080', 'shop.example:8080/'],
    ['https://ada:secret@shop.example/', 'shop.example/'],
    [' HTTPS://SHOP.example/A ', 'shop.example/A'],
    ['app://cart?token=1', 'app://cart'],
    ['/cart#pay', '/cart'],
  ] as const)('at %s is %s', ([url, page]) => {
    expect(pageOf({ url, title: 'Shop' })).toBe(page);
  });

  test.for([{}, { url: '' }, { url: ' ?a=1' }, { url: 7 }, null, 'https://shop.example/'])(
    'that says none, %j, is none',
    (visitor) => {
      expect(pageOf(visitor)).toBeUndefined();
    },
  );

  test('never has a query or a fragment, and is never long', () => {
    const url = fc.oneof(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string());
    fc.assert(
      fc.property(url, (text) => {
        const page = pageOf({ url: text });
        expect(page ?? '').not.toMatch(/[?#]/);
        expect(pageOf({ url: text + 'x'.repeat(400) })?.length ?? 0).toBeLessThanOrEqual(300);
      }),
    );
  });
});

describe('pages are counted', () => {
  test('those with the most visitors first, and whoever has none apart', () => {
    const counts = new PageCounts();
    for (const page of ['b', 'a', 'c', 'c', undefined, 'a', 'c']) counts.add(page);
    expect(counts.top(2)).toEqual([
      { page: 'c', visitors: 3 },
      { page: 'a', visitors: 2 },
    ]);
    expect(counts).toMatchObject({ visitors: 7, without: 1, beyond: 0 });
  });

  test('up to so many different ones; visitors of others are counted together', () => {
    const counts = new PageCounts(2);
    for (const page of ['a', 'b', 'c', 'b', 'd']) counts.add(page);
    expect(counts.top(10)).toEqual([
      { page: 'b', visitors: 2 },
      { page: 'a', visitors: 1 },
    ]);
    expect(counts).toMatchObject({ visitors: 5, without: 0, beyond: 2 });
  });
});
