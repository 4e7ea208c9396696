import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { segment } from '../../../shared/webhooks/segment.ts';
import { Unreadable } from '../../../shared/webhooks/source.ts';
import { webhookRequest } from '../../support/webhook.ts';

const character = fc.nat(0x17f).map((code) => String.fromCharCode(code));

const options = { group: 12345, signal: () => null };
const single = segment(options);
const batched = segment({ ...options, batchHeader: 'Authorization' });
const bearer = 'Bearer 5f0c2d9e77b14a6c';
const keys = {
  keys: ['the secret before', 'the secret of today'],
  batch: ['Bearer of the time before', bearer],
};

const hexOf = (text: Buffer | string, key = 'the secret of today') =>
  createHmac('sha1', key).update(text).digest('hex');

function asSent(body: Buffer | string, signature: string, authorization?: string | string[]) {
  const headers = { 'X-Signature': signature, ...(authorization && { authorization }) };
  return webhookRequest({ headers, body });
}

/** As Segment signs: the whole of one call, the first one of a batch. */
function sent(content: unknown, authorization?: string) {
  const signed = Array.isArray(content) ? content[0] : content;
  return asSent(JSON.stringify(content), hexOf(JSON.stringify(signed)), authorization);
}

const read = (content: unknown) => batched.read(webhookRequest({ body: JSON.stringify(content) }));
const viewed = (messageId: string) => ({
  messageId,
  type: 'track',
  event: 'Product Viewed',
  anonymousId: 'vis_123',
  userId: null,
  properties: { sku: 'A-1' },
  timestamp: '2026-01-05T10:00:00.000Z',
});

test('the published vector is authentic with its key, and with no other one', () => {
  const request = asSent('{"cool":true}', '5099cab379b3be52908387457007040cc934ef86');
  expect(single.authenticate(request, { keys: ['abc123'] }, 0)).toBe('authentic');
  expect(single.authenticate(request, { keys: ['abc124'] }, 0)).toBe('mismatch');
});

describe('one call', () => {
  const object = fc.object().map((content) => JSON.stringify(content));

  test('signed with any one of the keys is authentic, batches allowed or not', () => {
    fc.assert(
      fc.property(object, fc.constantFrom(...keys.keys), (body, key) => {
        const request = asSent(body, hexOf(body, key));
        expect([single, batched].map((source) => source.authenticate(request, keys, 0))).toEqual([
          'authentic',
          'authentic',
        ]);
      }),
    );
  });

  test('with a flipped bit anywhere in its body is refused', () => {
    fc.assert(
      fc.property(object, fc.nat(), fc.integer({ min: 1, max: 255 }), (text, at, flip) => {
        const body = Buffer.from(text);
        const signature = hexOf(body);
        body[at % body.length] = (body[at % body.length] ?? 0) ^ flip;
        for (const source of [single, batched]) {
          expect(source.authenticate(asSent(body, signature, bearer), keys, 0)).toBe('mismatch');
        }
      }),
    );
  });

  test('with another character anywhere in its signature is refused, and nothing breaks', () => {
    const signature = hexOf('{}');
    fc.assert(
      fc.property(fc.nat(signature.length - 1), character, (at, other) => {
        const changed = signature.slice(0, at) + other + signature.slice(at + 1);
        fc.pre(changed.toLowerCase() !== signature);
        expect(['mismatch', 'malformed']).toContain(single.authenticate(asSent('{}', changed), keys, 0));
      }),
      { numRuns: 500 },
    );
  });

  test.for(['', 'sha1=', `sha1=${hexOf('{}')}`, `${hexOf('{}')}é`, hexOf('{}').slice(1), 'é'])(
    'with the signature %j is malformed',
    (signature) => {
      expect(single.authenticate(asSent('{}', signature), keys, 0)).toBe('malformed');
    },
  );

  test('without a signature has nothing that proves it, not even with the secret of batches', () => {
    const request = webhookRequest({ headers: { authorization: bearer }, body: viewed('m1') });
    expect(batched.authenticate(request, keys, 0)).toBe('missing');
  });

  test('is refused without keys, and with an empty one', () => {
    expect(single.authenticate(asSent('{}', hexOf('{}')), {}, 0)).toBe('mismatch');
    expect(single.authenticate(asSent('{}', hexOf('{}', '')), { keys: [''] }, 0)).toBe('mismatch');
  });
});

describe('a batch', () => {
  const call = fc.record({ messageId: fc.string({ minLength: 1 }), properties: fc.object() });
  const calls = fc.array(call, { minLength: 2, maxLength: 6 });

  test('whose first call is signed is authentic with any one of the second secrets', () => {
    fc.assert(
      fc.property(calls, fc.constantFrom(...keys.batch), (content, secret) => {
        expect(batched.authenticate(sent(content, secret), keys, 0)).toBe('authentic');
      }),
    );
  });

  test('written with white space, or other escapes than ours, is judged by its very bytes', () => {
    const element = '{"messageId":"m\\u00e9","properties":{"price":1.0,"path":"\\/a"}}';
    const body = `\r\n [ ${element}\t, {"messageId":"m2"} ]`;
    expect(batched.authenticate(asSent(body, hexOf(element), bearer), keys, 0)).toBe('authentic');
    const rewritten = JSON.stringify(JSON.parse(element));
    expect(batched.authenticate(asSent(body, hexOf(rewritten), bearer), keys, 0)).toBe('mismatch');
  });

  test('whose later calls somebody has changed is refused without the second secret', () => {
    fc.assert(
      fc.property(calls, call, fc.nat(), (content, forged, at) => {
        const changed = content.with(1 + (at % (content.length - 1)), forged);
        const signature = hexOf(JSON.stringify(content[0]));
        const request = asSent(JSON.stringify(changed), signature);
        expect(batched.authenticate(request, keys, 0)).toBe('missing');
        expect(single.authenticate(request, keys, 0)).toBe('mismatch');
      }),
    );
  });

  test('made of one captured call is refused without the second secret', () => {
    const captured = sent(viewed('m1'));
    const body = Buffer.concat([
      Buffer.from('['),
      captured.body,
      Buffer.from(`,${JSON.stringify(viewed('m2'))}]`),
    ]);
    expect(batched.authenticate({ ...captured, body }, keys, 0)).toBe('missing');
    expect(single.authenticate({ ...captured, body }, keys, 0)).toBe('mismatch');
  });

  test('with a first call that nobody has signed is refused, second secret or not', () => {
    const request = asSent(JSON.stringify([viewed('m1')]), hexOf(JSON.stringify(viewed('m2'))), bearer);
    expect(batched.authenticate(request, keys, 0)).toBe('mismatch');
    expect(batched.authenticate(asSent('[]', hexOf('[]'), bearer), keys, 0)).toBe('mismatch');
    expect(batched.authenticate(asSent('[{"messageId":', hexOf('{"messageId":'), bearer), keys, 0)).toBe(
      'mismatch',
    );
  });

  test.for([
    ['Bearer 5f0c2d9e77b14a6', 'mismatch'],
    ['bearer 5f0c2d9e77b14a6c', 'mismatch'],
    ['5f0c2d9e77b14a6c', 'mismatch'],
    ['Bearer é', 'mismatch'],
    [[bearer, bearer], 'malformed'],
  ] as const)('with the second secret %j is refused: %s', ([secret, verdict]) => {
    const content = [viewed('m1'), viewed('m2')];
    const request = asSent(JSON.stringify(content), hexOf(JSON.stringify(content[0])), [secret].flat());
    expect(batched.authenticate(request, keys, 0)).toBe(verdict);
  });

  test('is refused where the source does not allow batches, whatever comes with it', () => {
    const content = [viewed('m1')];
    expect(single.authenticate(sent(content, bearer), keys, 0)).toBe('mismatch');
    expect(batched.authenticate(sent(content, bearer), { keys: keys.keys }, 0)).toBe('mismatch');
  });
});

describe('what is read', () => {
  test('is what the call holds, with whatever else the mapping in Segment has put there', () => {
    expect(read({ ...viewed('m1'), cart: 12 }).events).toEqual([
      {
        key: 'm1',
        type: 'track',
        event: {
          messageId: 'm1',
          type: 'track',
          event: 'Product Viewed',
          anonymousId: 'vis_123',
          userId: undefined,
          properties: { sku: 'A-1' },
          traits: {},
          context: {},
          timestamp: '2026-01-05T10:00:00.000Z',
          cart: 12,
        },
      },
    ]);
  });

  test('has the same keys however Segment has divided the calls into batches', () => {
    const ids = fc.array(fc.uuid(), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(ids, fc.nat(), (messageIds, at) => {
        const content = messageIds.map(viewed);
        const cut = at % content.length;
        const keysOf = (part: unknown) => read(part).events.map(({ key }) => key);
        expect([...keysOf(content.slice(0, cut)), ...keysOf(content.slice(cut))]).toEqual(messageIds);
        expect(content.flatMap(keysOf)).toEqual(messageIds);
      }),
    );
  });

  test('of a batch leaves out what is no call, and says of each what is wrong with it', () => {
    const { events, faults } = read([
      viewed('m1'),
      'vis_9',
      { messageId: '' },
      { type: 'page' },
      viewed('m2'),
    ]);
    expect(events.map(({ key }) => key)).toEqual(['m1', 'm2']);
    expect(faults).toEqual([
      '1: must be an object',
      '2.messageId: must not be empty',
      '3.messageId: is missing',
    ]);
  });

  test('keeps numbers as ids, of any length', () => {
    const body =
      '{"messageId":"m1","userId":12345678901234567890,"anonymousId":7,"properties":{"id":98765432109876543210}}';
    expect(single.read(webhookRequest({ body })).events[0]?.event).toMatchObject({
      userId: '12345678901234567890',
      anonymousId: '7',
      properties: { id: '98765432109876543210' },
    });
  });

  test('is there whatever else is odd about a call', () => {
    const odd = {
      messageId: 'm1',
      type: 'Ada Lovelace',
      userId: {},
      properties: 'none',
      traits: null,
      context: [],
    };
    expect(read(odd).events).toMatchObject([
      { key: 'm1', type: 'other', event: { userId: undefined, properties: {}, traits: {}, context: {} } },
    ]);
  });

  test.for([
    ['{"cool":true}', 'messageId: is missing'],
    ['{"messageId":7}', 'messageId: must be a string'],
    ['"m1"', 'must be an object'],
    ['{', 'the body is not JSON'],
  ] as const)('%s is unreadable: %s', ([body, message]) => {
    expect(() => single.read(webhookRequest({ body }))).toThrow(new Unreadable(message));
  });

  test('of any JSON is read, or is unreadable, and nothing else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (content) => {
        try {
          const { events, faults = [] } = read(content);
          expect(events.length + faults.length).toBe([content].flat().length);
        } catch (error) {
          expect(error).toBeInstanceOf(Unreadable);
        }
      }),
    );
  });
});

test('4,000 calls are a batch that is taken, and read in no time', () => {
  const content = Array.from({ length: 4_000 }, (_, at) => viewed(`ajs-next-${at}-5f0c2d9e77b14a6c`));
  const request = sent(content, bearer);
  expect(request.body.length).toBeLessThan(batched.maxBytes);
  expect(batched.authenticate(request, keys, 0)).toBe('authentic');
  expect(batched.read(request).events).toHaveLength(4_000);
});

test('a second secret is asked for where batches are taken, and nowhere else', () => {
  expect(Object.keys(single.lists)).toEqual(['keys']);
  expect(Object.keys(batched.lists)).toEqual(['keys', 'batch']);
  const flaw = batched.lists.batch?.flaw;
  expect(flaw?.(bearer)).toBeUndefined();
  expect(flaw?.('5f0c2d9e77b14a6c')).toBeUndefined();
  expect(flaw?.('Bearer short')).toBe('must have at least 16 characters');
  expect(flaw?.('Bearer 5f0c2d9e77b14a6c…')).toMatch(/^may hold ASCII characters only/);
});

test('whoever lists the source learns what is signed, and that captured requests stay good', () => {
  expect(single.authentication).toBe('HMAC-SHA1 over the body');
  expect(batched.authentication).toContain('of a batch over its first event');
  expect([single, batched].map((source) => source.hasReplayProtection)).toEqual([false, false]);
});

test('a header that has no name of a header is a mistake of the configuration', () => {
  const flaws = [{ path: ['batchHeader'], detail: 'must be the name of a header' }];
  expect(segment({ ...options, batchHeader: 'Authorization: Bearer' }).flaws).toEqual(flaws);
});
