import { randomBytes } from 'node:crypto';
import { constants, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Forgetting } from '../../../../infra/cli/forget/forgetting.ts';
import { Interrupted } from '../../../../infra/cli/forget/setbacks.ts';
import { manifestKey } from '../../../../shared/snapshots/keys.ts';
import { visitorDigest } from '../../../../shared/snapshots/visitor-digest.ts';
import { compressed, lineOf, noon, slot, standIn } from './stand-in.ts';

async function removed(forgetting: Forgetting) {
  await forgetting.look();
  await forgetting.remove();
  return forgetting.outcome;
}

const ada = lineOf('ada');
const grace = lineOf('grace', '{"customdata":{"friend":"ada"}}');

describe('a person', () => {
  /** What might be taken for the end of a line, or for somebody else's id. */
  const ids = fc.oneof(
    fc.constantFrom('a', 'ad', 'ada', 'ada1', 'Ada', 'a"', 'a\\', 'ada"}', ',"visitorid":"ada"}', 'à', '𝒶'),
    fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }),
  );
  const elements = fc.oneof(
    fc.constantFrom(
      '{"visitorid":"ada"}',
      '{"x":",\\"visitorid\\":\\"ada\\"}"}',
      '"ada"',
      '{ "friends" : ["ada", {"visitorid":"ada"}] }',
      '{"n":1E+2,"\\u0061":"\\ud83d"}',
    ),
    fc.json(),
  );
  const line = fc
    .tuple(fc.option(ids, { nil: undefined }), elements)
    .map(([id, element]) => ({ id, line: lineOf(id, element) }));

  test('goes with every line, and with nothing of anybody else, whatever the ids and the data', async () => {
    const relay = await standIn();
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 40 }), ids, async (lines, id) => {
        const key = await relay.snapshot(
          noon,
          lines.map(({ line }) => line),
        );
        const others = lines.filter((each) => each.id !== id);
        const { removed: gone } = await removed(relay.forgetting(id));
        expect(gone).toBe(lines.length - others.length);
        expect(await relay.lines(key)).toEqual(others.map(({ line }) => line));
      }),
      { numRuns: 100 },
    );
  });

  test('is found by the digest as well, in each group by its own', async () => {
    const relay = await standIn();
    const digestIn = (groupid: string) => visitorDigest('key', groupid)('ada');
    const person = { in: (groupid: string) => (found: string) => ['ada', digestIn(groupid)].includes(found) };
    const key = await relay.snapshot(noon, [ada, lineOf(digestIn('12345')), lineOf(digestIn('777'))]);
    const other = await relay.snapshot(noon, [lineOf(digestIn('777')), grace], { groupid: '777' });
    expect(await removed(relay.forgetting(person))).toMatchObject({ rewritten: 2, removed: 3 });
    expect(await relay.lines(key)).toEqual([lineOf(digestIn('777'))]);
    expect(await relay.lines(other)).toEqual([grace]);
  });

  test('stays in other groups where one is named', async () => {
    const relay = await standIn();
    const here = await relay.snapshot(noon, [ada]);
    const there = await relay.snapshot(noon, [ada], { groupid: '123456' });
    await removed(relay.forgetting('ada', { groupid: '12345' }));
    expect([await relay.lines(here), await relay.lines(there)]).toEqual([[], [ada]]);
  });

  test('who comes meanwhile is found by the second look, which reads nothing twice', async () => {
    const relay = await standIn();
    await relay.snapshot(noon, [ada, grace]);
    await relay.snapshot(slot(1), [grace]);
    const forgetting = relay.forgetting('ada');
    await removed(forgetting);
    const key = await relay.snapshot(slot(2), [ada, grace]);
    relay.gate.calls.length = 0;
    expect(await forgetting.look()).toEqual({ objects: 1, lines: 1 });
    expect(
      relay.gate.calls.filter(({ line }) => line.startsWith('GET /snapshots-of-a-test/snap')),
    ).toHaveLength(1);
    await forgetting.remove();
    expect(await relay.lines(key)).toEqual([grace]);
    expect(forgetting.outcome).toMatchObject({ looked: 3, rewritten: 2, removed: 2 });
  });

  test('is not found again once forgotten', async () => {
    const relay = await standIn();
    await relay.snapshot(noon, [ada, grace]);
    await removed(relay.forgetting('ada'));
    expect(await relay.forgetting('ada').look()).toEqual({ objects: 0, lines: 0 });
  });
});

describe('an object', () => {
  test('without the person is not written', async () => {
    const relay = await standIn();
    const keys = [await relay.snapshot(noon, [grace]), await relay.snapshot(slot(1), [])];
    const before = await Promise.all(keys.map((key) => relay.bytes(key)));
    expect(await removed(relay.forgetting('ada'))).toMatchObject({ looked: 2, rewritten: 0 });
    expect(await Promise.all(keys.map((key) => relay.bytes(key)))).toEqual(before);
    expect(relay.gate.calls.map(({ method }) => method).filter((method) => method !== 'GET')).toEqual([]);
  });

  test('with the person alone becomes an empty one, since somebody was asked then', async () => {
    const relay = await standIn();
    const key = await relay.snapshot(noon, [ada, ada]);
    await removed(relay.forgetting('ada'));
    expect(await relay.lines(key)).toEqual([]);
  });

  test('is not changed by a look', async () => {
    const relay = await standIn();
    await relay.snapshot(noon, [ada, lineOf(undefined)]);
    const forgetting = relay.forgetting('ada');
    expect(await forgetting.look()).toEqual({ objects: 1, lines: 1 });
    expect(forgetting.outcome).toMatchObject({ looked: 1, unnamed: 1, rewritten: 0 });
    expect(new Set(relay.gate.calls.map(({ method }) => method))).toEqual(new Set(['GET']));
  });

  test('may end with a frame of nothing, as streams are compressed at times', async () => {
    const relay = await standIn();
    const key = await relay.snapshot(noon, []);
    await relay.put(key, Buffer.concat([compressed([ada, grace]), zstdCompressSync('')]));
    expect(await removed(relay.forgetting('ada'))).toMatchObject({ rewritten: 1, left: new Map() });
    expect(await relay.lines(key)).toEqual([grace]);
  });

  test('is compressed with a checksum, so that damage is found', async () => {
    const relay = await standIn();
    const key = await relay.snapshot(noon, [ada, grace]);
    await removed(relay.forgetting('ada'));
    // Of the frame header's flags, the third bit: https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.1.1
    expect((await relay.bytes(key)).readUInt8(4) & 0b100).toBe(0b100);
  });

  test('without a manifest is left to whoever may be at work on it, and done half a day later', async () => {
    const relay = await standIn();
    const key = await relay.snapshot(noon, [ada, grace], { manifest: false });
    const soon = await removed(relay.forgetting('ada', { now: () => noon + 12 * 3_600_000 }));
    expect(soon.left.get(key)).toContain('no manifest yet');
    expect(await relay.lines(key)).toEqual([ada, grace]);
    const later = await removed(relay.forgetting('ada'));
    expect([later.left.size, await relay.lines(key)]).toEqual([0, [grace]]);
  });

  test('that gets its manifest meanwhile is done by the second look', async () => {
    const relay = await standIn();
    const key = await relay.snapshot(noon, [ada, grace], { manifest: false });
    const forgetting = relay.forgetting('ada', { now: () => noon + 60_000 });
    await removed(forgetting);
    await relay.snapshot(noon, [ada, grace]);
    expect(await removed(forgetting)).toMatchObject({ looked: 1, rewritten: 1, left: new Map() });
    expect(await relay.lines(key)).toEqual([grace]);
  });

  test('that somebody else replaces meanwhile keeps what they put there', async () => {
    const relay = await standIn();
    const key = await relay.snapshot(noon, [ada, grace]);
    const others = [ada, lineOf('edsger')];
    let heads = 0;
    relay.gate.fateOf = async ({ line }) => {
      if (line === `HEAD /${relay.bucket}/${key}` && ++heads === 2) await relay.put(key, compressed(others));
      return undefined;
    };
    expect(await removed(relay.forgetting('ada'))).toMatchObject({ rewritten: 1, removed: 1 });
    expect(await relay.lines(key)).toEqual(others.slice(1));
  });

  test('that somebody else replaces at the very moment is not overwritten either', async () => {
    const relay = await standIn();
    const key = await relay.snapshot(noon, [ada, grace]);
    const others = [ada, lineOf('edsger')];
    let puts = 0;
    relay.gate.fateOf = async ({ line }) => {
      if (line === `PUT /${relay.bucket}/${key}` && ++puts === 1) await relay.put(key, compressed(others));
      return undefined;
    };
    expect(await removed(relay.forgetting('ada'))).toMatchObject({ rewritten: 1, removed: 1 });
    expect([puts, await relay.lines(key)]).toEqual([2, others.slice(1)]);
  });

  test.each([
    ['HEAD', 2, 'right before its end'],
    ['POST', 2, 'at the very moment'],
  ])(
    'that is large is replaced in parts, and not where somebody else was faster: %s %i, %s',
    async (method, at) => {
      const relay = await standIn();
      const key = await relay.snapshot(noon, [ada]);
      const others = Array.from({ length: 15 }, () =>
        lineOf('grace', `"${randomBytes(700_000).toString('hex')}"`),
      );
      await relay.put(key, compressed([...others, ada]));
      const edsger = lineOf('edsger');
      let calls = 0;
      relay.gate.fateOf = async ({ line }) => {
        if (line.startsWith(`${method} /${relay.bucket}/${key}`) && ++calls === at)
          await relay.put(key, compressed([ada, ...others, edsger]));
        return undefined;
      };
      expect(await removed(relay.forgetting('ada'))).toMatchObject({
        rewritten: 1,
        removed: 1,
        left: new Map(),
      });
      expect(await relay.lines(key)).toEqual([...others, edsger]);
      expect(relay.gate.calls.filter(({ line }) => line.includes('partNumber=')).length).toBeGreaterThan(1);
    },
  );

  test('of many short lines keeps those of everybody else, byte for byte', async () => {
    const relay = await standIn();
    const lines = Array.from({ length: 30_000 }, (_, at) =>
      lineOf(at % 10 === 7 ? 'ada' : `visitor-${at}`, `"${randomBytes(40).toString('hex')}"`),
    );
    const key = await relay.snapshot(noon, lines);
    await removed(relay.forgetting('ada'));
    const others = lines.filter((_, at) => at % 10 !== 7);
    expect((await relay.lines(key)).join('\n') === others.join('\n')).toBe(true);
  });

  test('that vanishes meanwhile stays away', async () => {
    const relay = await standIn();
    const key = await relay.snapshot(noon, [ada, grace]);
    const forgetting = relay.forgetting('ada');
    await forgetting.look();
    relay.gate.fateOf = ({ line }) =>
      line.startsWith(`HEAD /${relay.bucket}/${key}`) ? { error: 'NotFound', status: 404 } : undefined;
    await forgetting.remove();
    expect(forgetting.outcome).toMatchObject({ rewritten: 0, left: new Map() });
    expect(relay.gate.calls.some(({ method }) => method === 'PUT')).toBe(false);
  });
});

describe('the older version', () => {
  test('is removed at once, by its name', async () => {
    const relay = await standIn();
    const key = await relay.snapshot(noon, [ada, grace]);
    const version = (await relay.etag(key))?.replaceAll('"', '');
    expect(await removed(relay.forgetting('ada'))).toMatchObject({ olderStay: 0 });
    const deletions = relay.gate.calls.filter(({ method }) => method === 'DELETE').map(({ line }) => line);
    expect(deletions).toEqual([`DELETE /${relay.bucket}/${key}?versionId=${version}`]);
  });

  test('that may not be removed is told, and nothing else is kept from being done', async () => {
    const relay = await standIn();
    const keys = [await relay.snapshot(noon, [ada]), await relay.snapshot(slot(1), [ada])];
    relay.gate.fateOf = ({ method }) =>
      method === 'DELETE' ? { error: 'AccessDenied', status: 403 } : undefined;
    expect(await removed(relay.forgetting('ada'))).toMatchObject({
      rewritten: 2,
      olderStay: 2,
      left: new Map(),
    });
    for (const key of keys) expect(await relay.lines(key)).toEqual([]);
  });
});

describe('the manifest', () => {
  test('tells what stands there now, and how many are gone by how many runs', async () => {
    const relay = await standIn();
    const key = await relay.snapshot(noon, [ada, grace, ada, lineOf('edsger')]);
    const before = await relay.json(manifestKey('12345', noon));
    await removed(relay.forgetting('ada'));
    await removed(relay.forgetting('edsger'));
    const { length: bytes } = await relay.bytes(key);
    const known = { ...(before as object), bytes, lineBytes: grace.length + 1, forgotten: 3 }; // JSON of an object
    expect(await relay.json(manifestKey('12345', noon))).toEqual(known);
  });

  test('that is none is named, and the person is gone all the same', async () => {
    const relay = await standIn();
    const key = await relay.snapshot(noon, [ada, grace]);
    await relay.put(manifestKey('12345', noon), '{}');
    const { left } = await removed(relay.forgetting('ada'));
    expect(left.get(key)).toContain('its manifest is none');
    expect(await relay.lines(key)).toEqual([grace]);
    expect(relay.gate.calls.some(({ method }) => method === 'DELETE')).toBe(true);
  });
});

describe('an object that cannot be read as a snapshot is named and left alone, and all others are done:', () => {
  const lines = Array.from({ length: 1_000 }, (_, at) => lineOf(`visitor-${at}`, `{"n":${at ** 5}}`)).concat(
    ada,
  );
  const params = { [constants.ZSTD_c_checksumFlag]: 1 };
  const whole = zstdCompressSync(Buffer.from(`${lines.join('\n')}\n`), { params });

  test.for([
    ['cut off', whole.subarray(0, -7)],
    [
      'one bit is another',
      Buffer.concat([whole.subarray(0, -1), Buffer.from([whole.readUInt8(whole.length - 1) ^ 1])]),
    ],
    ['not compressed', Buffer.from(`${lines.join('\n')}\n`)],
    ['empty', Buffer.alloc(0)],
    ['a second frame behind the first', Buffer.concat([whole, whole])],
    ['bytes behind the frame', Buffer.concat([whole, Buffer.from('more')])],
    ['the last line without a line break', zstdCompressSync(Buffer.from(lines.join('\n')))],
    ['a line that is no JSON at its end', compressed([...lines, '{"snapshot":"2026', ada])],
    ['a line of something else', compressed([...lines, '{"visitorid":"ada"}'])],
    ['an id with a broken escape', compressed([...lines, lineOf('a').replace('"a"', '"\\x"')])],
    ['an empty line', compressed([...lines, ''])],
  ] as const)('%s', async ([, body]) => {
    const relay = await standIn();
    const key = await relay.snapshot(noon, []);
    await relay.put(key, body);
    const other = await relay.snapshot(slot(1), [ada, grace]);
    const { left, rewritten } = await removed(relay.forgetting('ada'));
    expect([[...left.keys()], rewritten]).toEqual([[key], 1]);
    expect(left.get(key)).not.toContain('ada');
    expect(await relay.bytes(key)).toEqual(body);
    expect(await relay.lines(other)).toEqual([grace]);
  });

  test('one that is none of the relay', async () => {
    const relay = await standIn();
    await relay.put('snapshots/groupid=12345/export.csv', 'ada');
    const { left, looked } = await removed(relay.forgetting('ada'));
    expect([[...left.keys()], looked]).toEqual([['snapshots/groupid=12345/export.csv'], 0]);
  });
});

describe('a download that is cut off', () => {
  test('once is done anew', async () => {
    const relay = await standIn();
    const key = await relay.snapshot(noon, [ada, grace]);
    const cut = { times: 0 };
    relay.gate.fateOf = ({ line }) =>
      line === `GET /${relay.bucket}/${key}` && ++cut.times % 2 === 1 ? { cut: 20 } : undefined;
    expect(await removed(relay.forgetting('ada'))).toMatchObject({ rewritten: 1, left: new Map() });
    expect([cut.times, await relay.lines(key)]).toEqual([4, [grace]]);
  });

  test('every time leaves the object as it is', async () => {
    const relay = await standIn();
    const key = await relay.snapshot(noon, [ada, grace]);
    const forgetting = relay.forgetting('ada');
    await forgetting.look();
    relay.gate.fateOf = ({ line }) => (line === `GET /${relay.bucket}/${key}` ? { cut: 20 } : undefined);
    await forgetting.remove();
    expect(forgetting.outcome).toMatchObject({
      rewritten: 0,
      left: new Map([[key, 'it could not be read to its end']]),
    });
    expect(await relay.lines(key)).toEqual([ada, grace]);
  });
});

test('whoever is interrupted has whole objects, old ones and new ones, and can go on later', async () => {
  const relay = await standIn();
  const keys = await Promise.all(
    Array.from({ length: 12 }, (_, at) => relay.snapshot(slot(at), [ada, grace])),
  );
  const interruption = new AbortController();
  const { signal } = interruption;
  const forgetting = relay.forgetting('ada', { signal });
  await forgetting.look();
  relay.gate.fateOf = ({ method }) => {
    if (method === 'PUT') interruption.abort(new Interrupted('it was left off'));
    return undefined;
  };
  await forgetting.remove();
  const { rewritten } = forgetting.outcome;
  const held = await Promise.all(keys.map((key) => relay.lines(key)));
  expect(rewritten).toBeGreaterThan(0);
  expect(rewritten).toBeLessThan(12);
  expect(held.filter((lines) => lines.length === 1)).toHaveLength(rewritten);
  expect(held.filter((lines) => lines.length === 2)).toHaveLength(12 - rewritten);
  expect(await removed(relay.forgetting('ada'))).toMatchObject({ rewritten: 12 - rewritten });
});

test('whoever is interrupted while an object is being rewritten finds it as it was, and nothing went wrong', async () => {
  const relay = await standIn();
  const key = await relay.snapshot(noon, [ada, grace]);
  const interruption = new AbortController();
  const forgetting = relay.forgetting('ada', { signal: interruption.signal });
  await forgetting.look();
  relay.gate.fateOf = ({ method }) => {
    if (method === 'GET') interruption.abort(new Interrupted('it was left off'));
    return undefined;
  };
  await forgetting.remove();
  expect(forgetting.outcome).toMatchObject({ rewritten: 0, left: new Map() });
  expect(await relay.lines(key)).toEqual([ada, grace]);
});

test('what the bucket refuses ends the run, and says which right is missing', async () => {
  const relay = await standIn();
  const key = await relay.snapshot(noon, [ada, grace]);
  relay.gate.fateOf = ({ method }) => (method === 'PUT' ? { error: 'AccessDenied', status: 403 } : undefined);
  await expect(removed(relay.forgetting('ada'))).rejects.toMatchObject({
    message: `bucket ${relay.bucket} may not be written with these AWS credentials`,
    hint: expect.stringContaining('s3:PutObject'),
  });
  expect(await relay.lines(key)).toEqual([ada, grace]);
});
