import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SignalId, signal as signalSchema } from '../../../../shared/signals/signal.ts';
import { mapEvent } from '../../../../shared/webhooks/intake/map.ts';
import type { SourceOptions } from '../../../../shared/webhooks/source.ts';
import { type ToyEvent, toVisitor, toy } from '../../../support/toy-source.ts';

const now = Date.parse('2026-03-12T10:00:00Z');
const message = { mtype: 'signal', data: 'hello' } as const;

type Mapping = SourceOptions<ToyEvent>['signal'];
/** What a mapping in JavaScript, or one that the compiler was talked over, may give. */
const giving = (given: unknown) => (() => given) as Mapping;

function map(signal: Mapping, options: Partial<SourceOptions<ToyEvent>> = {}, keySeconds?: number) {
  const source = toy({ group: 12345, signal, ...options });
  return mapEvent(
    { key: 'event-1', event: { id: 'event-1', visitor: 'ada' }, ...(keySeconds && { keySeconds }) },
    {
      name: 'crm',
      source,
      strictGroups: new Set(['777']),
      now,
      idOf: (...parts) => Promise.resolve(Buffer.from(parts.join('/')).toString('hex') as SignalId),
    },
  );
}

const idOf = (label: string) => Buffer.from(`webhook/crm/event-1/${label}`).toString('hex');

describe('an event becomes', () => {
  test('one signal, for five minutes, to the one group of its source', async () => {
    expect(await map(toVisitor)).toEqual({
      unaddressed: 0,
      signals: [
        {
          id: idOf('0'),
          groupid: '12345',
          visitorid: 'ada',
          message: { mtype: 'signal', data: { id: 'event-1' } },
          source: 'webhook:crm',
          acceptedAt: now,
          expiresAt: now + 300_000,
        },
      ],
    });
  });

  test.each([[null], [undefined], [[]]])('no signal, where the mapping gives %j', async (given) => {
    expect(await map(giving(given))).toEqual({ signals: [], unaddressed: 0 });
  });

  test('several signals, each with an id of its own that stays the same when their order changes', async () => {
    const first = { visitorid: 'ada', message, label: 'welcome' };
    const second = { visitorid: 'bob', message, label: 'desk' };
    const one = await map(() => [first, second]);
    const other = await map(() => [second, first]);
    const ids = (mapped: typeof one) => ('signals' in mapped ? mapped.signals.map(({ id }) => id) : []);
    expect(ids(one)).toEqual([idOf('welcome'), idOf('desk')]);
    expect(ids(other)).toEqual(ids(one).toReversed());
  });

  test('a signal that waits for its visitor, where the mapping says for how long', async () => {
    const mapped = await map(() => ({ visitorid: 'ada', message, ttl: 3_600 }));
    expect(mapped).toMatchObject({ signals: [{ waits: true, expiresAt: now + 3_600_000 }] });
  });

  test('a signal that is the same one for a while only, where the vendor does not name its events', async () => {
    expect(await map(toVisitor, {}, 300)).toMatchObject({ signals: [{ sameUntil: now + 300_000 }] });
  });

  test('one that may be sent again, where the source says so, and never an invoke', async () => {
    const invoke = { mtype: 'invoke', data: { func: 'GLANCE.Cobrowse.Visitor.showTerms' } } as const;
    const both = () => [
      { visitorid: 'ada', message },
      { visitorid: 'ada', message: invoke },
    ];
    const mapped = await map(both, { ambiguous: 'resend' });
    expect('signals' in mapped && mapped.signals.map(({ resend }) => resend)).toEqual([true, undefined]);
  });

  test.each([[undefined], [null], ['']])('nothing for nobody: visitor id %j', async (visitorid) => {
    expect(
      await map(() => [
        { visitorid, message },
        { visitorid: 'ada', message },
      ]),
    ).toMatchObject({
      // Its place is that among all, so that its id is the same when the other one has a visitor.
      signals: [{ visitorid: 'ada', id: idOf('1') }],
      unaddressed: 1,
    });
  });

  test('a message as it was when it was mapped, whatever becomes of it later', async () => {
    const data = { at: new Date(now) };
    const mapped = await map(() => ({ visitorid: 'ada', message: { mtype: 'signal', data } }));
    data.at = new Date(0);
    expect(mapped).toMatchObject({ signals: [{ message: { data: { at: '2026-03-12T10:00:00.000Z' } } }] });
  });
});

describe('an event is parked that', () => {
  const invalid: [string, unknown, Partial<SourceOptions<ToyEvent>>, RegExp][] = [
    [
      'goes to a visitor id that is none',
      { visitorid: 'a b', message },
      {},
      /^0\.visitorid: must be 1 to 100/,
    ],
    ['goes to a path', { visitorid: '..', message }, {}, /^0\.visitorid/],
    ['goes to a number', { visitorid: 17, message }, {}, /^0\.visitorid: must be a string/],
    ['goes to another group', { visitorid: 'ada', groupid: 999, message }, {}, /^0\.groupid: is none of/],
    ['does not say which group', { visitorid: 'ada', message }, { group: [1, 2] }, /^0\.groupid: is missing/],
    [
      'goes to a lax id of a strict group',
      { visitorid: 'a.b', message },
      { group: 777 },
      /^0\.visitorid: .* 50/,
    ],
    [
      'invokes what its source may not',
      { visitorid: 'ada', message: { mtype: 'invoke', data: { func: 'GLANCE.x' } } },
      {},
      /^0\.message\.data\.func: must be one/,
    ],
    ['has no message', { visitorid: 'ada' }, {}, /message/],
    ['has more than a signal has', { visitorid: 'ada', message, ttll: 5 }, {}, /^0\.ttll: is not known here/],
    ['waits for ever', { visitorid: 'ada', message, ttl: 86_401 }, {}, /^0\.ttl: must be at most 86400/],
    ['waits for no time', { visitorid: 'ada', message, ttl: 0 }, {}, /^0\.ttl: must be at least 1/],
    [
      'is too long',
      { visitorid: 'ada', message: { mtype: 'signal', data: 'x'.repeat(33_000) } },
      {},
      /32768 bytes/,
    ],
    ['JSON cannot hold', { visitorid: 'ada', message: { mtype: 'signal', data: 17n } }, {}, /32768 bytes/],
    [
      'gives two signals one label',
      [1, 2].map(() => ({ visitorid: 'ada', message, label: 'x' })),
      {},
      /same label/,
    ],
    [
      'gives too many',
      Array.from({ length: 101 }, () => ({ visitorid: 'ada', message })),
      {},
      /more than 100/,
    ],
    ['promises', Promise.resolve(null), {}, /^must answer at once/],
    ['gives a text', 'ada', {}, /must be/],
  ];

  test.each(invalid)('%s', async (_, given, options, says) => {
    const mapped = await map(giving(given), options);
    expect(mapped).toEqual({ reason: 'mapping-invalid', detail: expect.stringMatching(says) });
  });

  test('promises, and then fails, which hurts nobody', async () => {
    const mapped = await map((() => Promise.reject(new Error('later'))) as unknown as Mapping);
    expect(mapped).toMatchObject({ reason: 'mapping-invalid' });
  });

  test('has several faults, all of which are named', async () => {
    const given = [
      { visitorid: 'a b', message },
      { visitorid: 'ada', message: { mtype: 'shout' }, ttl: 0.5 },
    ];
    const mapped = await map(giving(given));
    expect('detail' in mapped && mapped.detail.split('; ').length).toBeGreaterThanOrEqual(3);
  });

  test('made the mapping throw; of a foreign message nothing is told', async () => {
    const typo = await map(() => (undefined as unknown as { visitor: string }).visitor as never);
    expect(typo).toMatchObject({
      reason: 'mapping-threw',
      detail: expect.stringMatching(/^TypeError: .*visitor/),
    });
    const told = await map(() => {
      throw new SyntaxError('unexpected "ada@example.com"');
    });
    expect(told).toEqual({ reason: 'mapping-threw', detail: 'SyntaxError' });
    const repeating: (() => unknown)[] = [
      () => 'x' in ('ada@example.com' as never),
      () => new Map(['ada@example.com'] as never),
      () => Object.defineProperty('ada@example.com' as never, 'x', { value: 1 }),
      () => (undefined as never)['ada@example.com'] as never,
    ];
    for (const one of repeating)
      expect(await map(one as Mapping)).toEqual({ reason: 'mapping-threw', detail: 'TypeError' });
  });
});

test('whatever a mapping gives, what comes of it is a signal that the queue takes, or a reason', async () => {
  const draft = fc.record(
    {
      visitorid: fc.oneof(fc.constant('ada'), fc.string(), fc.anything()),
      message: fc.oneof(fc.constant(message), fc.anything()),
      ttl: fc.oneof(fc.constant(60), fc.anything()),
      label: fc.oneof(fc.string(), fc.anything()),
      groupid: fc.oneof(fc.constant(12345), fc.anything()),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(draft, fc.array(draft), fc.anything()), async (given) => {
      const mapped = await map(giving(given));
      if ('reason' in mapped) expect(mapped.detail).not.toBe('');
      else for (const one of mapped.signals) expect(signalSchema.safeParse(one).success).toBe(true);
    }),
    { numRuns: 500 },
  );
});
