import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { queryAll } from '../../../../infra/cli/verify/streamed.ts';
import { groupId } from '../../../../shared/presence/ids.ts';
import { alone } from './aws-servers.ts';
import { caller, relayAt } from './called.ts';
import { iamGate } from './iam-gate.ts';

async function queried(
  answer: (group: string, response: ServerResponse) => void,
  groups = ['12345'],
  signal?: AbortSignal,
) {
  const address = await iamGate({
    behind: ({ url = '' }, response) => {
      const { pathname, searchParams } = new URL(url, 'http://relay');
      if (pathname === '/query') answer(searchParams.get('groupid') ?? '', response);
      else response.writeHead(404).end();
    },
  });
  const all = groups.map((id) => ({ groupid: groupId.parse(id), token: 't', credentials: undefined }));
  const surroundings = alone(signal);
  return {
    ...(await queryAll(relayAt(address, { groups: all }), caller, surroundings)),
    told: surroundings.told,
  };
}

const visitor = JSON.stringify({ visitorid: 'v', text: 'x'.repeat(970) });

/** So many kilobytes of visitors. */
function visitors(kilobytes: number, end = ']'): string {
  return `[${Array.from({ length: kilobytes }, () => visitor).join(',')}${end}`;
}

test('an answer that is whole is counted; one of over 10 MB is all that is needed', async () => {
  const { found, large, told } = await queried((_, response) => response.end(visitors(10_200)));
  expect([found.verdict, found.says]).toEqual([
    'ok',
    expect.stringMatching(/came whole\. group 12345: 10,\d{3},\d{3} bytes of JSON in \d+\.\d s/),
  ]);
  expect(large?.verdict).toBe('ok');
  expect(told.at(-1)).toMatch(/^10\.\d MB of \/query$/);
});

test('one of less is well, and not enough', async () => {
  const { found, large } = await queried((_, response) => response.end('{"visitors":[]}'));
  expect([found.verdict, large]).toEqual(['ok', undefined]);
});

test.each<[string, (response: ServerResponse) => void]>([
  ['its connection breaks', (response) => response.write(visitors(2_000, ''), () => response.destroy())],
  [
    'more was announced',
    (response) => {
      response.writeHead(200, { 'content-length': 2_000_000 });
      response.write(visitors(1_000), () => response.destroy());
    },
  ],
  ['it ends cleanly in the middle', (response) => void response.end(visitors(2_000, ''))],
])('an answer is cut off: %s', async (_, answer) => {
  const { found, large } = await queried((_group, response) => answer(response));
  expect([found.verdict, large]).toEqual(['fail', undefined]);
  expect(found.says).toMatch(/^group 12345: \/query was cut off: [\d,]+ bytes/);
});

test('how long the first byte took is told', async () => {
  const { found } = await queried((_, response) => void setTimeout(() => response.end('[]'), 200));
  expect(found.says).toMatch(/the first after 0\.[2-9] s$/);
});

test('an interruption ends the count, with its reason', async () => {
  const stop = new AbortController();
  // By then, the first byte is there.
  const enough = () => void setTimeout(() => stop.abort(new Error('enough')), 200);
  const counting = queried((_, response) => void response.write('[', enough), ['12345'], stop.signal);
  await expect(counting).rejects.toThrow('enough');
});

test('the groups that the caller may not query are left out', async () => {
  const { found } = await queried(
    (group, response) => void (group === '7' ? response.writeHead(403).end('{}') : response.end('[]')),
    ['7', '12345'],
  );
  expect([found.verdict, found.says]).toEqual(['ok', expect.not.stringContaining('group 7')]);
});

test('a caller who may query none is told, and it is no failure', async () => {
  const { found } = await queried(
    (_, response) => void response.writeHead(403).end('{"code":"forbidden-caller"}'),
  );
  expect([found.verdict, found.says]).toEqual([
    'warn',
    'not checked: these credentials may not query any group, 403 forbidden-caller',
  ]);
});

test('a relay that cannot stream fails', async () => {
  const { found } = await queried((_, response) => void response.writeHead(502).end('{}'));
  expect([found.verdict, found.says]).toEqual(['fail', 'group 12345: /query is answered 502']);
  expect(found.hint).toContain('response-transfer mode STREAM');
});
