import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCrowd } from '../../../../infra/cli/probe/crowd.ts';
import { json, type Reply, text } from '../../../support/presence-server.ts';
import { probedScript } from './probing.ts';

describe('the beginning of /query, cut anywhere,', () => {
  const visitor = fc.record(
    {
      visitorid: fc.string({ minLength: 1 }),
      url: fc.webUrl(),
      note: fc.string({ unit: 'binary' }),
      custom: fc.jsonValue(),
    },
    { requiredKeys: ['visitorid', 'url'] },
  );
  const shapes = [
    (crowd: unknown[]) => crowd,
    (visitors: unknown[]) => ({ visitors }),
    (crowd: unknown[]) => Object.fromEntries(crowd.map((one, index) => [`id-${index}`, one])),
  ];

  test.for([0, 1, 2])('shows visitors as they are, and none that is not there (shape %d)', (shape) => {
    fc.assert(
      fc.property(fc.array(visitor), fc.nat({ max: 2_000 }), fc.boolean(), (crowd, at, spaced) => {
        const whole = JSON.stringify(shapes[shape]?.(crowd), null, spaced ? 1 : 0);
        const read = readCrowd(whole.slice(0, at), true);
        const known = crowd.map((one) => JSON.stringify(one));
        const all = read?.visitors.map(({ data }) => JSON.stringify(data)) ?? [];
        // A single visitor may be there in part.
        const told = all.length === 1 ? [] : all;
        expect(told).toEqual(known.slice(0, told.length));
        expect(all.length).toBeLessThanOrEqual(crowd.length);
      }),
    );
  });

  test('loses no more than its last visitor', () => {
    const crowd = Array.from({ length: 50 }, (_, n) => ({ visitorid: `v${n}`, data: { deep: [{ n }] } }));
    const whole = JSON.stringify({ visitors: crowd });
    for (let at = 100; at < whole.length; at += 7) {
      const begun = whole.slice(0, at).split('"visitorid"').length - 1;
      expect(readCrowd(whole.slice(0, at), true)?.visitors.length).toBeGreaterThanOrEqual(begun - 2);
    }
  });

  test('may be anything: reading it never fails', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json(), fc.string({ unit: fc.constantFrom(...'[]{}",:\\a1 ') })),
        (any) => {
          for (const isCut of [true, false]) readCrowd(any, isCut);
        },
      ),
    );
    for (const deep of [
      '['.repeat(200_000),
      '{"a":'.repeat(50_000),
      `"${'\\'.repeat(200_001)}`,
      `["${'\\"'.repeat(100_000)}`,
    ]) {
      readCrowd(deep, true);
      readCrowd(deep, false);
    }
  });

  test('never has a value of it told, whatever visitors are and wherever it is cut', async () => {
    const hidden = 'Qz7.secret';
    const value = fc.oneof(
      fc.constant(hidden),
      fc.array(fc.constant(hidden)),
      fc.dictionary(fc.constant(hidden), fc.constant(hidden)),
    );
    const one = fc.dictionary(fc.constantFrom('visitorid', 'url', 'direct', 'directserver', 'plan'), value);
    const answer = fc.oneof(
      fc.array(one),
      fc.record({ visitors: fc.array(one) }),
      fc.dictionary(fc.constant(hidden), one),
    );
    await fc.assert(
      fc.asyncProperty(answer, fc.nat({ max: 300 }), async (said, at) => {
        const whole = JSON.stringify(said);
        const cut: Reply = (response) => response.end(whole.slice(0, at % (whole.length + 1)));
        const steps = await probedScript({ '/query': cut, '/lookupvisitor': [json({}), text(whole)] });
        expect(JSON.stringify(steps).toLowerCase()).not.toContain(hidden.toLowerCase());
      }),
      { numRuns: 60 },
    );
  });
});
