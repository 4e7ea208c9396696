import { describe, expect, test } from 'vitest';
import { probe } from '../../../../infra/cli/probe/probe.ts';
import { serverRules } from '../../../../shared/presence/address.ts';
import { Transport } from '../../../../shared/presence/transport.ts';
import {
  closedPort,
  foundAt,
  json,
  type Reply,
  silence,
  startPresenceServer,
  status,
  text,
} from '../../../support/presence-server.ts';
import { startRawServer } from '../../../support/raw-server.ts';
import { ada, all, given, groupid, probed, probedScript, token, verdicts } from './probing.ts';

describe('an answer that the relay does not understand', () => {
  test.for<[string, Reply]>([
    ['HTML', text('<html>hello</html>')],
    ['half an object', text('{"visitorfound')],
    ['an array', json([1])],
    ['an error with status 200', json({ err: 'busy', msg: 'later' })],
    ['a 404 in HTML', text('<h1>Not found</h1>', { status: 404 })],
    ['a 500', status(500)],
    ['too much', text(`{"a":"${'x'.repeat(300_000)}"}`)],
    ['a redirect', status(302, { location: 'https://login.shop.example/?next=secret' })],
  ])('(%s) is a failure', async ([, reply]) => {
    const steps = await probedScript({ '/lookupvisitor': reply, '/findvisitor': reply });
    expect([steps['lookup-absent']?.verdict, steps['find-absent']?.verdict]).toEqual(['fail', 'fail']);
    expect(JSON.stringify(steps)).not.toMatch(/hello|later|secret/);
  });

  test('names the host that a redirect leads to', async () => {
    const steps = await probedScript({
      '/findvisitor': status(301, { location: 'https://login.shop.example/a' }),
    });
    expect(steps['find-absent']?.says).toContain('sends us on to login.shop.example (301)');
  });

  test('to /query is a failure where it is no JSON, and a warning where it is', async () => {
    const verdictOn = async (reply: Reply) => (await probedScript({ '/query': reply })).query?.verdict;
    expect(await verdictOn(text('<html>'))).toBe('fail');
    expect(await verdictOn(text(`[{"url":"a"},${'oops '.repeat(2_000)}`))).toBe('fail');
    expect(await verdictOn(json({ 12345: { [ada]: { url: 'https://shop.example' } } }))).toBe('warn');
    expect(await verdictOn(json([ada, 'bob']))).toBe('warn');
  });

  test('never has its unknown keys told, which may be ids', async () => {
    const everybody = { [ada]: { url: 'https://shop.example' }, 'bob-4712': { url: 'https://shop.example' } };
    for (const answer of [everybody, { 12345: everybody }, { data: everybody }]) {
      const steps = await probedScript({ '/lookupvisitor': json(answer), '/query': json(answer) });
      expect(steps['lookup-absent']?.verdict).toBe('fail');
      expect(JSON.stringify(steps)).not.toMatch(/471|shop\.example/);
    }
  });

  test('is one that calls a visitor present who does not exist', async () => {
    const steps = await probedScript({ '/findvisitor': foundAt(443) });
    expect(steps['find-absent']).toMatchObject({
      verdict: 'fail',
      says: expect.stringContaining('somebody who does not exist is found'),
    });
  });

  test('is a bare 404, perhaps of another web server: a warning', async () => {
    const steps = await probedScript({ '/findvisitor': status(404) });
    expect(steps['find-absent']?.verdict).toBe('warn');
  });

  test('is a visitor id in /query that the relay would refuse: a warning, with their number', async () => {
    const crowd = [{ visitorid: 'ada lovelace' }, { visitorid: 'b.c' }, { visitorid: 'd' }];
    const lax = await probedScript({ '/query': json(crowd) });
    expect(lax.query).toMatchObject({
      verdict: 'warn',
      says: expect.stringContaining('1 visitor ids are none'),
    });
    const strict = await probedScript({ '/query': json(crowd) }, { strict: true });
    expect(strict.query?.says).toContain('2 visitor ids are none');
    expect(JSON.stringify([lax, strict])).not.toMatch(/lovelace|b\.c/);
  });
});

describe('a Presence service that is not to be reached', () => {
  const plain = (port: number) => `http://127.0.0.1:${port}`;

  test('(nobody listens) is told once', async () => {
    const steps = await probed(plain(await closedPort()));
    expect(steps['lookup-absent']).toMatchObject({
      verdict: 'fail',
      says: '127.0.0.1: nobody listens there (ECONNREFUSED)',
    });
    expect(
      verdicts(steps)
        .slice(3)
        .every((verdict) => verdict.endsWith('skipped')),
    ).toBe(true);
  });

  test('(no TLS there) is told', async () => {
    await using server = await startPresenceServer({});
    const steps = await probed(`https://127.0.0.1:${server.port}`);
    expect(steps['lookup-absent']?.says).toMatch(/^127\.0\.0\.1: it speaks no TLS that Node\.js understands/);
  });

  test('(no HTTP there) is told', async () => {
    await using server = await startRawServer((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'));
    const steps = await probed(server.address.origin);
    expect(steps['lookup-absent']?.says).toContain('what it says is no HTTP');
  });

  test('(no such name) is told', async () => {
    const transport = new Transport({ connectMs: 2_000 });
    const rules = serverRules({ presence: 'https://presence.invalid' });
    const steps = await all(probe({ groupid, rules }, { token: given(token), transport }));
    expect(steps[2]).toMatchObject({ verdict: 'fail', says: expect.stringMatching(/^presence\.invalid: /) });
    await transport.close();
  });

  test('(it stays silent) is told when the time is over, and it keeps to the time', async () => {
    const steps = await probedScript({ '/lookupvisitor': silence }, {}, 1_000);
    expect(steps['lookup-absent']).toMatchObject({ verdict: 'fail', says: 'no whole answer within 1 s' });
    expect(steps['find-absent']).toMatchObject({ verdict: 'skipped', says: 'no time is left' });
  });
});
