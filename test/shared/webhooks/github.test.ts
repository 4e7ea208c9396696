import { sign } from '@octokit/webhooks-methods';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { genesys } from '../../../shared/webhooks/genesys.ts';
import { github } from '../../../shared/webhooks/github.ts';
import { tampered } from '../../support/tampered.ts';
import { webhookRequest } from '../../support/webhook.ts';

const options = { group: 12345, signal: () => null };
const source = github(options);
const key = 'the secret of our webhook';
const now = Date.parse('2026-03-01T12:00:00Z');

/** As GitHub sends it, signed by its own library. */
async function delivery(body: string, headers: Readonly<Record<string, string>> = {}) {
  return webhookRequest({
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'issues',
      'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      'x-hub-signature-256': await sign(key, body),
      ...headers,
    },
  });
}

function verdict(request: ReturnType<typeof webhookRequest>, keys = [key]) {
  return source.authenticate(request, { keys }, now);
}

test('the example of the documents is authentic', () => {
  const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
  const request = webhookRequest({ headers: { 'X-Hub-Signature-256': signature }, body: 'Hello, World!' });
  expect(verdict(request, ["It's a Secret to Everybody"])).toBe('authentic');
});

test('whatever its own library signs is authentic, and nothing that was changed on its way', async () => {
  await fc.assert(
    fc.asyncProperty(fc.json(), fc.gen(), async (body, gen) => {
      const request = await delivery(body);
      expect(verdict(request)).toBe('authentic');
      expect(verdict(gen(() => tampered(request, 'x-hub-signature-256')))).not.toBe('authentic');
    }),
  );
});

test('a body that would be written otherwise is taken as it came', async () => {
  expect(verdict(await delivery('{"title":"\\u001B[0m","rate":1.0,"path":"a\\/b"}'))).toBe('authentic');
});

test.for(['x', 'é', 'sha256=é', 'sha256=', ''])('the signature "%s" is refused', async (signature) => {
  expect(verdict(await delivery('{}', { 'x-hub-signature-256': signature }))).not.toBe('authentic');
});

test('the older signature alone is not enough', async () => {
  const { headers, ...rest } = await delivery('{}');
  const old = new Map([...headers, ['x-hub-signature', ['sha1=00']] as const]);
  old.delete('x-hub-signature-256');
  expect(verdict({ ...rest, headers: old })).toBe('missing');
});

test('Genesys, with the same header and prefix, is another source in both directions', async () => {
  const request = await delivery('{}');
  const hex = request.headers.get('x-hub-signature-256')?.[0]?.slice('sha256='.length) ?? '';
  const base64 = Buffer.from(hex, 'hex').toString('base64');
  const ofGenesys = await delivery('{}', { 'x-hub-signature-256': `sha256=${base64}` });
  expect(verdict(ofGenesys)).toBe('malformed');
  expect(genesys(options).authenticate(ofGenesys, { keys: [key] }, now)).toBe('authentic');
  expect(genesys(options).authenticate(request, { keys: [key] }, now)).toBe('malformed');
});

test('the event is named by a header that nobody has signed, and marked as such', async () => {
  const request = await delivery('{"action":"opened","issue":{"number":7}}');
  expect(source.read(request).events).toMatchObject([
    {
      type: 'issues.opened',
      event: { unsignedType: 'issues', body: { action: 'opened', issue: { number: 7 } } },
    },
  ]);
});

test('another delivery id does not make another event of it', async () => {
  const [one, other] = await Promise.all(['1', '2'].map((id) => delivery('{}', { 'x-github-delivery': id })));
  expect(one && source.read(one)).toEqual(other && source.read(other));
  expect(one && source.read(one).events).toMatchObject([{ keySeconds: 300 }]);
});

test('a webhook of the other content type is read as well', async () => {
  const form = new URLSearchParams({ payload: '{"action":"opened"}' }).toString();
  const request = await delivery(form, { 'content-type': 'application/x-www-form-urlencoded' });
  expect(verdict(request)).toBe('authentic');
  expect(source.read(request).events).toMatchObject([{ event: { body: { action: 'opened' } } }]);
});

test('a ping is no event', async () => {
  const ping = await delivery('{"zen":"Keep it logically awesome.","hook_id":1,"hook":{}}', {
    'x-github-event': 'ping',
  });
  expect(source.read(ping)).toEqual({ events: [] });
});

test('it says that there is no replay protection', () => {
  expect(source).toMatchObject({ kind: 'github', hasReplayProtection: false, signsUrl: false, flaws: [] });
});
