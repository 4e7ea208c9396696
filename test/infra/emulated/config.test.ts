import { expect, test } from 'vitest';
import { emulatedConfig } from '../../../infra/emulated/config.ts';
import { defineRelay } from '../../../shared/api/config/relay.ts';

const glance = { presence: 'http://127.0.0.1:4010', authorization: 'http://127.0.0.1:4010/authorize' };
const secret = (name: string) => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`;

const config = emulatedConfig(
  defineRelay({
    groups: {
      1: { secret: { arn: secret('token') }, snapshots: { everyMinutes: 15 } },
      2: { visitorids: 'strict' },
    },
    callers: { desk: { groups: [1] } },
    snapshots: { keyArn: 'arn:aws:kms:eu-west-1:123456789012:key/abc', retentionDays: 7 },
    domain: {
      name: 'presence.acme.example',
      certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/abc',
    },
    alarms: { email: 'on-call@acme.example' },
    throttle: { rate: 7 },
  }),
  glance,
);

test('the groups are as configured, with the emulator in the place of Glance, and secrets of the stack’s own', () => {
  const [first, second] = Object.values(config.groups);
  expect(first).toMatchObject({ ...glance, snapshots: { everyMinutes: 15 } });
  expect(first).not.toHaveProperty('secret');
  expect(second).toMatchObject({ ...glance, visitorids: 'strict', snapshots: { everyMinutes: 1 } });
});

test('what is of an account of somebody’s own is left out, and nothing outlives the stack', () => {
  for (const absent of ['domain', 'waf']) expect(config).not.toHaveProperty(absent);
  expect(config).toMatchObject({ ephemeral: true, throttle: { rate: 7 }, snapshots: { retentionDays: 7 } });
  expect(config.snapshots).not.toHaveProperty('keyArn');
  expect(JSON.stringify(config)).not.toMatch(/123456789012|acme/);
});

test('there is a source of webhooks of each kind, and a caller who may do everything', () => {
  expect(Object.keys(config.webhooks)).toContain('hubspot');
  expect(Object.values(config.callers)).toMatchObject([
    { groups: ['1', '2'], endpoints: expect.arrayContaining(['query', 'signalvisitor']) },
  ]);
});
