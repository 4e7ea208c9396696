import { describe, expect, test } from 'vitest';
import { accept } from '../../../shared/api/accept.ts';
import type { DeployedGroup } from '../../../shared/api/config/groups.ts';
import {
  cancelsignal,
  type Endpoint,
  lookupvisitor,
  readsignal,
  signalvisitor,
} from '../../../shared/api/endpoints.ts';
import type { Problem } from '../../../shared/api/problem.ts';
import { groupId } from '../../../shared/presence/ids.ts';
import { type CallOptions, callerRole, gatewayEvent } from '../../support/gateway-event.ts';
import { problemFrom } from './problems.ts';

const group: DeployedGroup = {
  presence: 'https://presence.glance.net',
  directServers: [],
  visitorids: 'lax',
  secret: 's',
  renewed: true,
};
const [first, second] = [groupId.parse('1'), groupId.parse('2')];
const relay = {
  groups: new Map([
    [first, group],
    [second, group],
  ]),
  callers: new Map([[callerRole, { groups: [first], invocable: [] }]]),
};

function refusal(options: CallOptions, endpoint: Endpoint = lookupvisitor): Problem {
  return problemFrom(() => accept(endpoint, gatewayEvent(options), relay));
}

const good = { query: { groupid: '1', visitorid: 'ada' } };

describe('a request', () => {
  test('of a granted caller for a granted group is accepted', () => {
    expect(accept(lookupvisitor, gatewayEvent(good), relay)).toEqual({
      query: { groupid: '1', visitorid: 'ada' },
      headers: {},
      body: undefined,
      caller: { name: '111122223333:agent-desk', groups: ['1'], invocable: [] },
    });
  });

  test('that is about no group is accepted of a granted caller', () => {
    const event = { ...gatewayEvent({ endpoint: readsignal }), pathParameters: { id: 'a'.repeat(32) } };
    expect(accept(readsignal, event, relay)).toMatchObject({
      parameters: { id: 'a'.repeat(32) },
      caller: { name: '111122223333:agent-desk' },
    });
  });

  test.for([{}, null, { id: 'short' }, { id: 'a'.repeat(65) }, { id: `${'a'.repeat(32)}/..` }])(
    'with %j in the path is for nothing that there is',
    (pathParameters) => {
      const event = { ...gatewayEvent({ endpoint: readsignal }), pathParameters };
      expect(problemFrom(() => accept(readsignal, event, relay)).code).toBe('not-found');
    },
  );

  test('to a path that is none is told so, whoever calls', () => {
    expect(refusal({ ...good, resource: '/{path+}', userArn: null }).code).toBe('not-found');
  });

  test('with a method that the path does not take is told which it takes', () => {
    for (const httpMethod of ['POST', 'HEAD', 'OPTIONS', 'DELETE', 'get']) {
      expect(refusal({ ...good, httpMethod })).toMatchObject({
        code: 'method-not-allowed',
        headers: { allow: 'GET' },
      });
    }
    expect(refusal({ ...good, endpoint: signalvisitor, httpMethod: 'GET' }, signalvisitor).headers).toEqual({
      allow: 'POST',
    });
    for (const endpoint of [readsignal, cancelsignal]) {
      expect(refusal({ endpoint, httpMethod: 'POST' }, endpoint).headers).toEqual({ allow: 'GET, DELETE' });
    }
  });

  test('of a stranger learns nothing of what is wrong with it', () => {
    const problem = refusal({ query: { groupid: 'x', nonsense: '1' }, userArn: null });
    expect([problem.code, problem.faults]).toEqual(['forbidden-caller', []]);
  });

  test('for a group that is relayed, but not for this caller, is forbidden', () => {
    expect(refusal({ query: { groupid: '2', visitorid: 'ada' } })).toMatchObject({
      code: 'forbidden-caller',
      message: 'The caller is not granted that group.',
    });
    expect(refusal({ query: { groupid: '3', visitorid: 'ada' } }).code).toBe('forbidden-group');
  });
});
