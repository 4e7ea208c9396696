import type { APIGatewayProxyEvent } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { callerName, grantOf } from '../../../shared/api/caller.ts';
import { groupId } from '../../../shared/presence/ids.ts';
import { account, assumedRole, gatewayEvent } from '../../support/gateway-event.ts';

const desk = { groups: [groupId.parse('1')], invocable: [] };
const crm = { groups: [groupId.parse('2')], invocable: [] };
const callers = new Map([
  ['desk', desk],
  ['444455556666:crm', crm],
]);

function context(userArn: string | null) {
  return gatewayEvent({ userArn }).requestContext;
}

function codeFor(userArn: string | null): string {
  try {
    grantOf(callers, context(userArn));
    return 'granted';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('a caller', () => {
  test('is known by account and role, whatever its session is called', () => {
    for (const session of ['ada', 'ada@acme.example', 'i-0123', 'desk']) {
      expect(callerName(context(assumedRole('desk', account, session)))).toBe(`${account}:desk`);
      const grant = grantOf(callers, context(assumedRole('desk', account, session)));
      expect(grant).toEqual({ ...desk, name: `${account}:desk` });
    }
  });

  test('of another account is known by the account that it was configured with', () => {
    const grant = grantOf(callers, context(assumedRole('crm', '444455556666')));
    expect(grant).toEqual({ ...crm, name: '444455556666:crm' });
    expect(codeFor(assumedRole('crm'))).toBe('forbidden-caller');
    expect(codeFor(assumedRole('crm', '777788889999'))).toBe('forbidden-caller');
  });

  test('has the same name however the configuration names it', () => {
    const byAccount = new Map([[`${account}:desk`, desk]]);
    const names = [callers, byAccount].map((each) => grantOf(each, context(assumedRole('desk'))).name);
    expect(names).toEqual([`${account}:desk`, `${account}:desk`]);
  });

  test('of another account is not taken for a role of the same name here', () => {
    expect(codeFor(assumedRole('desk', '444455556666'))).toBe('forbidden-caller');
  });

  test.for([
    null,
    '',
    `arn:aws:iam::${account}:user/desk`,
    `arn:aws:iam::${account}:root`,
    `arn:aws:iam::${account}:role/desk`,
    `arn:aws:sts::${account}:federated-user/desk`,
    `arn:aws:sts::${account}:assumed-role/desk`,
    `arn:aws:sts::${account}:assumed-role/desk/a/b`,
    `x arn:aws:sts::${account}:assumed-role/desk/ada`,
  ])('who is no assumed role is nobody: %s', (userArn) => {
    expect(callerName(context(userArn))).toBeUndefined();
    expect(codeFor(userArn)).toBe('forbidden-caller');
  });

  test('whom API Gateway does not name at all is nobody', () => {
    const { requestContext } = { requestContext: {} } as APIGatewayProxyEvent;
    expect(() => grantOf(callers, requestContext)).toThrow('is not granted this endpoint');
  });

  test('is told who it is taken for, and no more', () => {
    expect(() => grantOf(callers, context(assumedRole('guest')))).toThrow(
      `The role ${account}:guest is not granted this endpoint.`,
    );
  });

  test('is granted nothing for a name that is not exactly one of the list', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\w+=,.@-]{1,64}$/), fc.stringMatching(/^\d{12}$/), (role, of) => {
        fc.pre(!(role === 'desk' && of === account) && !(role === 'crm' && of === '444455556666'));
        expect(codeFor(assumedRole(role, of))).toBe('forbidden-caller');
      }),
    );
  });
});
