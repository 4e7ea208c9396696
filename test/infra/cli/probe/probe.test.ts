import { describe, expect, test } from 'vitest';
import { startPresenceEmulator } from '../../../../infra/local/presence/emulator.ts';
import {
  foundAt,
  json,
  notFound,
  type Reply,
  type Script,
  startPresenceServer,
  status,
} from '../../../support/presence-server.ts';
import { connectVisitor } from '../../../support/visitor.ts';
import { ada, conclusion, probed, probedScript, verdicts } from './probing.ts';

describe('a Presence service that is well', () => {
  test('is seen to be, step by step, with a visitor whom /query shows', async () => {
    await using emulator = await startPresenceEmulator({ groups: [12345] });
    await using _ = await connectVisitor({
      presenceUrl: emulator.url,
      groupid: 12345,
      visitorid: ada,
      data: { plan: 'gold-plan' },
    });
    const issued = emulator.issueToken({ groupid: 12345, minutes: 90 });
    const steps = await probed(emulator.url, {}, JSON.stringify(issued));

    expect(verdicts(steps)).toEqual([
      'configuration ok',
      'token ok',
      'lookup-absent ok',
      'find-absent ok',
      'query ok',
      'lookup-present ok',
      'find-present ok',
      'direct-server ok',
    ]);
    expect(steps.token?.says).toMatch(/^the token: JSON with a token; (89|90) min left$/);
    expect(steps['find-absent']?.says).toMatch(/^200 in \d+ ms: absent, as \{visitorfound: false\}$/);
    expect(steps.query?.says).toContain('{"visitors": array}: 1 present; keys browser, ');
    expect(steps['lookup-present']?.says).toContain('plan: text');
    expect(steps['direct-server']?.says).toMatch(/^127\.0\.0\.1:\d+ is allowed$/);
    expect(conclusion(steps)).toEqual({ ok: true, says: 'All is well.' });

    const told = JSON.stringify(steps);
    for (const secret of [issued.token, ada, 'gold-plan', 'shop.example', 'probe-']) {
      expect(told).not.toContain(secret);
    }
    expect(emulator.deliveries.total()).toBe(0);
    expect(emulator.requests.counts()).not.toHaveProperty('signalvisitor');
  });

  test.for([
    [{ find: 'nested' }, 'found, as {visitorfound: {direct: text}}'],
    [{ find: 'nested-array' }, 'found, as {visitorfound: {direct: array}}'],
    [{ find: 'flat' }, 'httpsport: number, tlsport: number, visitorfound: true}'],
    [{ find: 'without-host', loadBalanced: true }, 'names no server, so it is 127.0.0.1'],
    [{ query: 'array' }, 'an array: 20 present'],
    [{ query: 'object' }, 'an object keyed by visitor id: 20 present'],
    [{ query: 'visitors' }, '{"visitors": array}: 20 present'],
    [{ lookupAbsent: '404' }, 'absent, as {err: text, msg: text}'],
    [{ lookupAbsent: 'old' }, 'absent, as {visitorfound: false}'],
    [{ lookupAbsent: 'empty' }, 'absent, as {}'],
    [{ shadowReserved: true, contentType: 'text', data: 'typed' }, 'All is well.'],
  ] as const)('may answer in any shape that the relay understands: %j', async ([switches, words]) => {
    await using emulator = await startPresenceEmulator({ groups: [12345], switches });
    emulator.crowd(20);
    const steps = await probed(emulator.url, {}, emulator.issueToken({ groupid: 12345 }).token);
    expect(conclusion(steps).ok).toBe(true);
    expect(JSON.stringify([conclusion(steps), steps])).toContain(JSON.stringify(words).slice(1, -1));
    expect(JSON.stringify(steps)).not.toContain('crowd-');
  });

  test('may have any number of visitors: the beginning of /query is read, and no more', async () => {
    await using emulator = await startPresenceEmulator({ groups: [12345] });
    emulator.crowd(5_000_000);
    const began = performance.now();
    const steps = await probed(emulator.url, {}, emulator.issueToken({ groupid: 12345 }).token);
    expect(steps.query?.says).toMatch(/at least \d{3} present in the first \d{3} KB; keys /);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test('may have nobody present, and says how to see the rest', async () => {
    const steps = await probedScript({});
    expect(verdicts(steps).slice(4)).toEqual([
      'query ok',
      'lookup-present skipped',
      'find-present skipped',
      'direct-server skipped',
    ]);
    expect(steps['find-present']?.hint).toContain('--visitor <id>');
    expect(conclusion(steps)).toEqual({
      ok: true,
      says: 'All is well so far. Not seen yet: lookup-present, find-present, direct-server.',
    });
  });

  test('may take long over /query: what has come by then is looked at', async () => {
    const slow: Reply = (response) =>
      response.write(`[{"visitorid":"${ada}"},{"visitorid":"bob"},`.padEnd(5_000));
    const { query } = await probedScript({ '/query': slow }, {}, 1_000);
    expect(query).toMatchObject({ verdict: 'ok', says: expect.stringContaining('at least 1 present') });
  });
});

describe('a visitor by name', () => {
  const present: Script = {
    '/lookupvisitor': json({
      visitorpresent: '1583953702.0',
      timestamp: '1583953702.0',
      [ada]: 'x',
      plan: 'gold',
    }),
    '/findvisitor': foundAt(443, 'pr0016.glance.net'),
  };

  test('is asked about without the right to query', async () => {
    const turns = (reply: Reply | readonly Reply[] | undefined, absent: Reply) =>
      [absent, reply ?? []].flat();
    const steps = await probedScript(
      {
        '/lookupvisitor': turns(present['/lookupvisitor'], json({})),
        '/findvisitor': turns(present['/findvisitor'], notFound),
        '/query': status(403),
      },
      { visitor: ada },
    );
    expect(steps['lookup-present']?.says).toContain(
      '{plan: text, timestamp: text, visitorpresent: text, 1 more}',
    );
    expect(steps['direct-server']).toMatchObject({ verdict: 'ok', says: 'pr0016.glance.net:443 is allowed' });
    expect(JSON.stringify(steps)).not.toContain(ada);
  });

  test('who is not there is a warning that says what to check', async () => {
    const steps = await probedScript({}, { visitor: ada });
    expect(steps['find-present']).toMatchObject({
      verdict: 'warn',
      hint: expect.stringContaining('is a page of the site open'),
    });
    expect(JSON.stringify(steps)).not.toContain(ada);
  });

  test('is asked about by the load balancer alone: to a direct server goes nothing', async () => {
    await using direct = await startPresenceServer({});
    await probedScript({ '/findvisitor': foundAt(direct.port) }, { visitor: ada });
    expect(direct.connections).toBe(0);
  });
});

describe('a direct server that is not allowed', () => {
  test.for([
    ['pr10016.glance.net', 443, 'pr10016.glance.net:443 is refused', "add 'pr#####.glance.net' to"],
    ['presence.shop.example', 443, 'presence.shop.example:443 is refused', "add 'presence.shop.example' to"],
    ['pr0016.glance.net', 5501, 'pr0016.glance.net:5501, for its port, is refused', 'port 443'],
    ['not a host', 443, 'a server without a readable host name is refused', 'port 443'],
    [ada, 443, 'a server without a readable host name is refused', 'port 443'],
  ] as const)('(%s:%d) is a failure that says what to do', async ([host, port, says, hint]) => {
    const steps = await probedScript({ '/findvisitor': [notFound, foundAt(port, host)] }, { visitor: ada });
    expect(steps['direct-server']).toMatchObject({
      verdict: 'fail',
      says,
      hint: expect.stringContaining(hint),
    });
    expect(JSON.stringify(steps)).not.toContain(ada);
  });

  test('is only a warning in /query, where a page may have put it, and no advice to allow it', async () => {
    const crowd = [
      { visitorid: 'v1', directserver: 'pr0016.glance.net', httpsport: 443 },
      { visitorid: 'v2', direct: 'ebay-presence.glance.net:443' },
      { visitorid: 'v3', directserver: 'collector.example' },
    ];
    const steps = await probedScript({ '/query': json(crowd) });
    expect(steps['direct-server']).toMatchObject({
      verdict: 'warn',
      says: 'a host that is not of glance.net is refused, ebay-presence.glance.net:443 is refused, pr0016.glance.net:443 is allowed',
      hint: expect.stringContaining('only /query says so'),
    });
    expect(JSON.stringify(steps)).not.toContain('collector.example');
  });
});
