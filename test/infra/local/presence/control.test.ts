import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type PresenceEmulator, startPresenceEmulator } from '../../../../infra/local/presence/emulator.ts';
import { agentOf, control } from './agent.ts';

let emulator: PresenceEmulator;

beforeAll(async () => {
  emulator = await startPresenceEmulator({ groups: [12345, 777] });
});
afterEach(() => emulator.reset());
afterAll(() => emulator.close());

const call = async (method: string, path: string, body?: unknown) => {
  const response = await control(emulator, method, path, body);
  return { status: response.status, body: await response.json() };
};

test('the state tells servers, groups, counts, faults and switches', async () => {
  expect(await call('GET', '/emulator')).toMatchObject({
    status: 200,
    body: {
      servers: [
        { name: 'pr0001', url: emulator.servers[0]?.url, state: 'up' },
        { name: 'pr0002', url: emulator.servers[1]?.url, state: 'up' },
      ],
      groups: [
        { groupid: 12345, visitors: 0, crowd: 0 },
        { groupid: 777, visitors: 0, crowd: 0 },
      ],
      deliveries: 0,
      expired: 0,
      granted: 0,
      faults: [],
      switches: { lookupAbsent: 'empty' },
    },
  });
});

test('tokens are issued and revoked', async () => {
  const { body } = await call('POST', '/emulator/tokens', { groupid: 12345, seconds: 60 });
  const { token } = body as { token: string };
  const status = async () => (await agentOf(emulator, token).lookup('ada')).status;
  expect(await status()).toBe(200);
  expect(await call('POST', '/emulator/revocations', { token })).toMatchObject({ body: { revoked: true } });
  expect(await status()).toBe(401);
  expect(await call('POST', '/emulator/revocations', { token: 'unknown' })).toMatchObject({
    body: { revoked: false },
  });
});

test('all tokens are revoked together', async () => {
  const agent = agentOf(emulator);
  await call('POST', '/emulator/revocations', { all: true });
  expect((await agent.lookup('ada')).status).toBe(401);
});

test('faults are set, listed and cleared', async () => {
  const request = { endpoint: 'lookupvisitor', fault: { kind: 'status', status: 500 } };
  expect(await call('POST', '/emulator/faults', request)).toMatchObject({ status: 200, body: { times: 1 } });
  expect(await call('GET', '/emulator/faults')).toMatchObject({ body: { faults: [request] } });
  await call('DELETE', '/emulator/faults');
  expect(await call('GET', '/emulator/faults')).toMatchObject({ body: { faults: [] } });
});

test('switches are turned', async () => {
  const { body } = await call('PATCH', '/emulator/switches', { find: 'nested', keepalive: 5 });
  expect(body).toMatchObject({ find: 'nested', keepalive: 5, lookupAbsent: 'empty' });
  expect(emulator.switches.find).toBe('nested');
});

test('crowds come and go', async () => {
  await call('POST', '/emulator/visitors', { count: 3, groupid: 777 });
  expect(await call('GET', '/emulator')).toMatchObject({ body: { groups: [{ crowd: 0 }, { crowd: 3 }] } });
  await call('DELETE', '/emulator/visitors');
  expect(await call('GET', '/emulator')).toMatchObject({ body: { groups: [{ crowd: 0 }, { crowd: 0 }] } });
});

test('deliveries and requests are told', async () => {
  emulator.crowd(10);
  const agent = agentOf(emulator);
  await agent.signal('crowd-1', { mtype: 'signal', data: 'one' });
  await agent.signal('crowd-2', { mtype: 'invoke', data: { func: 'alert' } });
  expect(await call('GET', '/emulator/deliveries?visitorid=crowd-2')).toMatchObject({
    body: {
      total: 2,
      counts: { '12345/crowd-2': 1 },
      last: [{ visitorid: 'crowd-2', message: { mtype: 'invoke' }, ignored: expect.any(String) }],
    },
  });
  const requests = await call('GET', '/emulator/requests');
  expect(requests).toMatchObject({
    body: {
      counts: { findvisitor: { 200: 2 }, signalvisitor: { 200: 2 } },
      last: [{ server: 'presence' }, {}, {}, {}],
    },
  });
  expect(JSON.stringify(requests)).not.toContain(agent.token);
});

test('accounts are shown, and changed for one group or all', async () => {
  const { body } = await call('GET', '/emulator/accounts');
  expect(body).toEqual({
    accounts: [12345, 777].map((groupid) => ({
      groupid,
      username: 'relay.agent',
      password: 'emulator-password',
      partnerid: groupid,
      partneruserid: 'relay-agent',
      apikey: 'emulator-api-key',
      g4scredentials: '0123456789abcdef0123456789abcdef',
    })),
  });
  expect(await call('PATCH', '/emulator/accounts/777', { apikey: 'new' })).toMatchObject({
    status: 200,
    body: { accounts: [{ groupid: 777, apikey: 'new', username: 'relay.agent' }] },
  });
  await call('PATCH', '/emulator/accounts', { username: 'ada' });
  expect(await call('GET', '/emulator/accounts')).toMatchObject({
    body: {
      accounts: [
        { username: 'ada', apikey: 'emulator-api-key' },
        { username: 'ada', apikey: 'new' },
      ],
    },
  });
  expect((await call('PATCH', '/emulator/accounts/1', {})).status).toBe(404);
  await call('POST', '/emulator/reset', {});
  expect(await call('GET', '/emulator/accounts')).toEqual({ status: 200, body });
});

test('granted tokens are told', async () => {
  const credentials = { username: 'relay.agent', password: 'emulator-password' };
  await fetch(`${emulator.authorizeUrl}?groupid=777`, { method: 'POST', body: JSON.stringify(credentials) });
  expect(await call('GET', '/emulator')).toMatchObject({
    body: { granted: 1, requests: { Authorize: { 200: 1 } } },
  });
  const requests = JSON.stringify(await call('GET', '/emulator/requests'));
  expect(requests).not.toContain(credentials.password);
});

test('a server goes down and up', async () => {
  await call('PUT', '/emulator/servers/pr0002', { state: 'down' });
  expect(await call('GET', '/emulator')).toMatchObject({
    body: { servers: [{ state: 'up' }, { state: 'down' }] },
  });
  await expect(fetch(emulator.servers[1]?.url ?? '')).rejects.toThrow();
  await call('PUT', '/emulator/servers/pr0002', { state: 'up' });
  expect((await fetch(emulator.servers[1]?.url ?? '')).status).toBe(404);
  expect((await call('PUT', '/emulator/servers/pr9999', { state: 'up' })).status).toBe(404);
});

test('a reset brings everything back to the start, but tokens stay good', async () => {
  const agent = agentOf(emulator);
  emulator.crowd(5);
  emulator.switch({ find: 'nested' });
  emulator.faults.add({ endpoint: '*', times: 0, fault: { kind: 'hang' } });
  await emulator.setServer('pr0001', 'down');
  await call('POST', '/emulator/reset', {});
  expect(await call('GET', '/emulator')).toMatchObject({
    body: {
      servers: [{ state: 'up' }, {}],
      groups: [{ crowd: 0 }, {}],
      faults: [],
      switches: { find: 'flat' },
    },
  });
  expect((await agent.lookup('crowd-1')).status).toBe(200);
});

test.for([
  ['POST', '/emulator/tokens', { seconds: 'x' }, ['groupid:', 'seconds:']],
  ['POST', '/emulator/tokens', { groupid: 1 }, ['groupid:']],
  ['POST', '/emulator/revocations', {}, ['Invalid']],
  [
    'POST',
    '/emulator/faults',
    { endpoint: 'x', times: -1, fault: { kind: 'y' } },
    ['endpoint:', 'times:', 'fault'],
  ],
  [
    'POST',
    '/emulator/faults',
    { endpoint: 'query', fault: { kind: 'moved' } },
    ['endpoint: The faults moved'],
  ],
  ['PATCH', '/emulator/switches', { find: 'x', other: 1, keepalive: 0 }, ['find:', 'other', 'keepalive:']],
  ['POST', '/emulator/visitors', { count: -1 }, ['count:', 'groupid:']],
  [
    'POST',
    '/emulator/faults',
    { endpoint: 'authorize', visitorid: 'ada', fault: { kind: 'revoke' } },
    ['endpoint: The fault revoke', 'visitorid: '],
  ],
  [
    'PATCH',
    '/emulator/switches',
    { tokenSeconds: 0, authorizeClockSeconds: -86_401, authorizeRefusal: 401 },
    ['tokenSeconds:', 'authorizeClockSeconds:', 'authorizeRefusal:'],
  ],
  ['PATCH', '/emulator/accounts', { partnerid: 0, groupid: 5 }, ['partnerid:', 'groupid']],
  ['PATCH', '/emulator/accounts/777', { apikey: 5, password: '' }, ['apikey:', 'password:']],
  ['PUT', '/emulator/servers/pr0001', { state: 'x' }, ['state:']],
] as const)('%s %s with %j names every fault', async ([method, path, input, faults]) => {
  const { status, body } = await call(method, path, input);
  expect([status, body]).toMatchObject([400, { err: 'badrequest' }]);
  for (const fault of faults) expect((body as { msg: string }).msg).toContain(fault);
});

test('no input at all makes the control API fail', async () => {
  const paths = ['tokens', 'revocations', 'faults', 'visitors'].map((name) => `/emulator/${name}`);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), fc.jsonValue(), async (path, input) => {
      expect((await call('POST', path, input)).status).toBeOneOf([200, 400]);
    }),
    { numRuns: 200 },
  );
});

test('only JSON is taken, so that no web page elsewhere can post here', async () => {
  const plain = { method: 'POST', body: '{"all":true}', headers: { 'content-type': 'text/plain' } };
  expect((await fetch(`${emulator.url}/emulator/revocations`, plain)).status).toBe(415);
  const origin = { origin: 'https://evil.example' };
  const preflight = await fetch(`${emulator.url}/emulator/revocations`, {
    method: 'OPTIONS',
    headers: origin,
  });
  expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([405, null]);
});

test('a name that is not of this machine is refused, so that no page can rebind one', async () => {
  const status = await new Promise((resolve) => {
    request(`${emulator.url}/emulator`, { headers: { host: 'evil.example' } }, async (response) => {
      await text(response);
      resolve(response.statusCode);
    }).end();
  });
  expect(status).toBe(403);
});

test('a wrong method is told which are right', async () => {
  const response = await fetch(`${emulator.url}/emulator/faults`, { method: 'PUT' });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST, DELETE']);
});
