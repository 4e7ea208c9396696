import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { flawText } from '../../../shared/runtime/flaws.ts';
import {
  type Answers,
  defineSource,
  type Source,
  type SourceKind,
  type SourceOptions,
} from '../../../shared/webhooks/source.ts';
import { webhookRequest } from '../../support/webhook.ts';

interface Own {
  readonly seal?: readonly string[];
}

const bell: SourceKind<{ readonly rung: string }, Own> = {
  kind: 'bell',
  options: { seal: z.optional(z.array(z.enum(['wax', 'lead']))) },
  authentication: ({ seal = [] }) => `sealed with ${seal.join(' and ')}`,
  hasReplayProtection: ({ seal = [] }) => seal.every((one) => one === 'wax'),
  signsUrl: ({ seal = [] }) => seal.includes('lead'),
  lists: ({ seal = [] }) => Object.fromEntries(seal.map((one) => [one, { of: `the keys of ${one}` }])),
  answers: ({ seal = [] }): Partial<Answers> => (seal.length > 1 ? { accepted: { status: 200 } } : {}),
  authenticate: (_request, keys, now, { seal = [] }) =>
    seal.every((one) => keys[one]?.includes(String(now))) ? 'authentic' : 'mismatch',
  read: ({ body }) => ({ events: [{ key: 'k', type: 'ring', event: { rung: body.toString() } }] }),
};

const signal = () => null;

function bellWith(options: object): Source {
  return defineSource(bell, { group: 1, signal, ...options });
}

/** As a program without types would give them. */
function flawsWith(options: unknown): string[] {
  const given = options as SourceOptions<{ readonly rung: string }>; // the wrong types are what is tried
  return defineSource(bell, given).flaws.map(flawText);
}

describe('a source of which but the group and the mapping are told', () => {
  test('has careful defaults', () => {
    expect(defineSource(bell, { group: 12345, signal })).toMatchObject({
      kind: 'bell',
      transport: 'http',
      groups: ['12345'],
      enabled: true,
      maxBytes: 262_144,
      ambiguous: 'unknown',
      invocable: [
        'GLANCE.Cobrowse.Visitor.startSession',
        'GLANCE.Cobrowse.Visitor.showTerms',
        'GLANCE.Cobrowse.VisitorUI.showTerms',
      ],
      flaws: [],
    });
  });

  test('answers 2xx to what it could keep and to what nobody can read, and asks again for what it could not keep', () => {
    expect(bellWith({}).answers).toEqual({
      accepted: { status: 202 },
      unreadable: { status: 202 },
      unavailable: { status: 503, headers: { 'retry-after': '30' } },
    });
  });
});

test('what is told goes before the defaults', () => {
  const told = {
    enabled: false,
    maxBytes: 4_096,
    invocable: ['GLANCE.x'],
    ambiguous: 'resend',
  };
  expect(bellWith({ ...told, group: [1, '2', 2] })).toMatchObject({ ...told, groups: ['1', '2'], flaws: [] });
});

test('a kind of source has its own size of body, which the options may change', () => {
  const large = { ...bell, maxBytes: 1_048_576 };
  expect(defineSource(large, { group: 1, signal }).maxBytes).toBe(1_048_576);
  expect(defineSource(large, { group: 1, signal, maxBytes: 2_048 }).maxBytes).toBe(2_048);
});

test('a kind of source may depend on its own options, and its answers on them', () => {
  expect(bellWith({ seal: ['wax', 'lead'] })).toMatchObject({
    authentication: 'sealed with wax and lead',
    hasReplayProtection: false,
    signsUrl: true,
    lists: { wax: { of: 'the keys of wax' }, lead: { of: 'the keys of lead' } },
    answers: { accepted: { status: 200 }, unreadable: { status: 202 } },
    own: { seal: ['wax', 'lead'] },
    flaws: [],
  });
  expect(bellWith({})).toMatchObject({ hasReplayProtection: true, signsUrl: false, lists: {}, own: {} });
});

test('a kind of source may come over another way than HTTP', () => {
  const bus = { ...bell, transport: () => ({ eventSource: 'aws.partner/bells' }) };
  expect(defineSource(bus, { group: 1, signal }).transport).toEqual({ eventSource: 'aws.partner/bells' });
});

test('a request, the keys, the time and the own options reach the kind; its events reach the mapping', () => {
  const source = defineSource(bell, {
    group: 1,
    seal: ['wax'],
    signal: ({ rung }) => ({ visitorid: rung, message: { mtype: 'signal', data: 'Ding' } }),
  });
  const request = webhookRequest({ body: 'ada' });
  expect(source.authenticate(request, { wax: ['17'] }, 17)).toBe('authentic');
  expect(source.authenticate(request, { wax: ['17'] }, 18)).toBe('mismatch');
  const [event] = source.read(request).events;
  expect(event).toEqual({ key: 'k', type: 'ring', event: { rung: 'ada' } });
  expect(source.map(event?.event)).toEqual({ visitorid: 'ada', message: { mtype: 'signal', data: 'Ding' } });
});

test('the sources of one kind know nothing of each other’s options', () => {
  const [one, other] = [bellWith({ seal: ['wax'] }), bellWith({ seal: ['lead'], group: 2 })];
  const request = webhookRequest({});
  expect(Object.keys(one.lists)).toEqual(['wax']);
  expect(other.groups).toEqual(['2']);
  expect(one.authenticate(request, { wax: ['17'] }, 17)).toBe('authentic');
  expect(other.authenticate(request, { wax: ['17'] }, 17)).toBe('mismatch');
});

describe('a mistake in the options', () => {
  const notGroup = 'group: must be the id of a group, or a list of them';
  const badGroup = 'group: must be a number of at most 15 digits that does not begin with 0';

  test.for<[string, object, string[]]>([
    ['no group', { group: undefined }, [notGroup]],
    ['a group that is no number', { group: 'sales' }, [badGroup]],
    ['a group that begins with 0', { group: '0123' }, [badGroup]],
    ['a group below 0', { group: -1 }, [badGroup]],
    ['a group with a fraction', { group: 1.5 }, [badGroup]],
    ['a group too long to be exact', { group: 1e21 }, [badGroup]],
    ['a list without a group', { group: [] }, ['group: must hold at least one group']],
    ['no mapping', { signal: undefined }, ['signal: must be a function']],
    ['a mapping that is a text', { signal: 'event' }, ['signal: must be a function']],
    ['a switch that is a text', { enabled: 'no' }, ['enabled: must be a boolean']],
    ['a size that is a text', { maxBytes: '4096' }, ['maxBytes: must be a number']],
    ['a size with a fraction', { maxBytes: 4096.5 }, ['maxBytes: must be a whole number']],
    ['a size that lets nothing through', { maxBytes: 1_023 }, ['maxBytes: must be at least 1024']],
    ['a size above Lambda’s', { maxBytes: 4_194_305 }, ['maxBytes: must be at most 4194304']],
    ['no list of functions', { invocable: 'GLANCE.x' }, ['invocable: must be an array']],
    [
      'a function that no page has',
      { invocable: ['GLANCE.x', 'alert'] },
      ['invocable.1: must name a function under GLANCE. or GLANCE_COBROWSE.Custom.'],
    ],
    ['another way to be unsure', { ambiguous: 'drop' }, ['ambiguous: must be "resend"']],
    ['an option of another kind', { secret: 'x' }, ['secret: is not known here']],
    ['an own option', { seal: ['wax', 'glue'] }, ['seal.1: must be "wax" or "lead"']],
  ])('%s: it is named with its place', ([, options, flaws]) => {
    expect(flawsWith({ group: 1, signal, ...options })).toEqual(flaws);
  });

  test('does not hide another one', () => {
    const flaws = flawsWith({ group: 'x', enabled: 1, maxBytes: 0, seal: 5, colour: 'red' });
    expect(flaws.map((flaw) => flaw.split(':')[0]).toSorted()).toEqual(
      ['colour', 'enabled', 'group', 'maxBytes', 'seal', 'signal'].toSorted(),
    );
  });

  test.for([undefined, null, 5, 'bell', [], { group: 1, signal, seal: 5 }, { group: 1, signal, seal: [{}] }])(
    'throws nothing, even where the kind could make nothing of it: %j',
    (options) => {
      expect(flawsWith(options)).not.toEqual([]);
    },
  );
});
