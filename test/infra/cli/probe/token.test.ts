import { describe, expect, test } from 'vitest';
import { probe } from '../../../../infra/cli/probe/probe.ts';
import { tokenSecret } from '../../../../infra/cli/probe/secret.ts';
import { serverRules } from '../../../../shared/presence/address.ts';
import { json, startPresenceServer, status } from '../../../support/presence-server.ts';
import { type Secret, startSecrets } from '../../../support/secrets-server.ts';
import { jwt } from '../../../support/tokens.ts';
import { all, conclusion, groupid, probed, probedScript } from './probing.ts';

describe('a token', () => {
  test.for([
    ['{"state":"unset"}', 'the token holds no token yet'],
    ['', 'the token is empty'],
    ['hunter2', 'the token is malformed: it is not a JWT'],
    [jwt({ exp: 1_700_000_000 }), 'the token: a raw JWT, which expired at 2023-11-14T22:13:20.000Z'],
  ] as const)('that is of no use (%s) is told, and nobody is asked', async ([secret, says]) => {
    await using server = await startPresenceServer({});
    const steps = await probed(server.address.origin, {}, secret);
    expect(steps.token).toEqual({ name: 'token', verdict: 'fail', says, hint: 'put one there' });
    expect(
      Object.values(steps)
        .slice(2)
        .every((step) => step?.verdict === 'skipped'),
    ).toBe(true);
    expect(server.arrived).toEqual([]);
    expect(conclusion(steps)).toEqual({ ok: false, says: 'Not well: token failed.' });
  });

  test('that ends soon is a warning', async () => {
    await using server = await startPresenceServer({ '/lookupvisitor': json({}) });
    const secret = jwt({ exp: Math.floor(Date.now() / 1_000) + 200 });
    const steps = await probed(server.address.origin, {}, secret);
    expect(steps.token).toMatchObject({ verdict: 'warn', says: 'the token: a raw JWT; 3 min left' });
  });

  test('that the service refuses is a failure, at each endpoint', async () => {
    const refuses = status(401);
    const steps = await probedScript({ '/lookupvisitor': refuses, '/findvisitor': refuses });
    expect(steps['lookup-absent']).toMatchObject({
      verdict: 'fail',
      says: 'the Presence service refused the token (401)',
      hint: expect.stringContaining('a token of this very group'),
    });
    expect(conclusion(steps).says).toBe('Not well: lookup-absent, find-absent failed.');
  });

  test.for([status(403), status(401), json({ err: 'authorization', msg: 'no' })])(
    'that may look up and not query is a warning',
    async (reply) => {
      const steps = await probedScript({ '/query': reply });
      expect(steps.query).toMatchObject({
        verdict: 'warn',
        says: expect.stringContaining('this token may not query'),
      });
      expect(conclusion(steps)).toMatchObject({ ok: true });
    },
  );
});

describe('a token secret that cannot be read says why, and what to do:', () => {
  test.for<[Secret, string, string]>([
    [{ error: 'ResourceNotFoundException' }, 'does not exist in eu-west-1', 'deploy the relay first'],
    [{ error: 'AccessDeniedException' }, 'may not be read', 'secretsmanager:GetSecretValue'],
    [{ error: 'DecryptionFailure' }, 'cannot be decrypted', 'kms:Decrypt'],
    [{ error: 'ExpiredTokenException' }, 'the AWS credentials have expired', 'aws sso login'],
    [{ error: 'UnrecognizedClientException' }, 'AWS does not know these credentials', 'AWS_PROFILE'],
    [{ error: 'InvalidRequestException' }, 'about to be deleted', 'describe-secret'],
    [{ error: 'ThrottlingException' }, 'too many requests', 'in a minute'],
    [{ error: 'InternalServiceError', status: 500 }, 'did not answer', 'does this machine reach AWS'],
    [{ binary: 'aHVudGVyMg==' }, 'is binary, not text', 'put one there'],
    ['{"state":"unset"}', 'holds no token yet', 'put one there'],
  ])('%j', async ([secret, says, hint]) => {
    await using secrets = await startSecrets({ 'glance-12345': secret });
    const source = tokenSecret({ client: secrets.client(), secret: 'glance-12345', put: 'put one there' });
    const steps = await all(probe({ groupid, rules: serverRules() }, { token: source }));
    expect(steps[1]).toEqual({
      name: 'token',
      verdict: 'fail',
      says: expect.stringContaining(says),
      hint: expect.stringContaining(hint),
    });
    expect(steps[1]?.says).toMatch(/^secret glance-12345 /);
  });
});
