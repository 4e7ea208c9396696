import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Stack } from 'aws-cdk-lib';
import { CfnPolicy } from 'aws-cdk-lib/aws-iam';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { relayApp } from '../../infra/app.ts';
import { stackName } from '../../infra/names.ts';
import { defineRelay } from '../../shared/api/config/relay.ts';
import { emptyBundles, full, hooked, minimal, unrenewed, watched } from '../support/stack.ts';

let outdir: string;
beforeEach(async () => {
  outdir = await mkdtemp(path.join(tmpdir(), 'app-'));
});
afterEach(() => rm(outdir, { recursive: true }));

/** What the rules find in the stack with this configuration, after a change to it. */
function findings(config: Parameters<typeof defineRelay>[0], change: (stack: Stack) => void = () => {}) {
  using bundles = emptyBundles();
  const app = relayApp({ stage: 'test', config: defineRelay(config), bundles: bundles.folder }, outdir);
  change(app.node.findChild(stackName('test')) as Stack);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  let failure: unknown;
  try {
    app.synth();
  } catch (error) {
    failure = error;
  } finally {
    vi.restoreAllMocks();
  }
  const report = readFileSync(path.join(outdir, 'validation-report.json'), 'utf8');
  const rules = (JSON.parse(report).pluginReports as { violations: { ruleName: string }[] }[]).flatMap(
    ({ violations }) => violations.map(({ ruleName }) => ruleName),
  );
  return { rules, failure };
}

describe('neither AWS’s own rules for templates nor cdk-nag’s AwsSolutions find anything', () => {
  test('in the stack with everything that can be configured', () => {
    expect(findings(full)).toEqual({ rules: [], failure: undefined });
  });

  test('in the smallest stack, but that nobody hears of its alarms', () => {
    expect(findings(minimal)).toEqual({ rules: ['Annotation::presence-relay:alarms'], failure: undefined });
  });

  test('in a stack that takes webhooks, and nobody may call', () => {
    const { callers: _, ...config } = { ...hooked, alarms: full.alarms };
    expect(findings(config)).toEqual({ rules: [], failure: undefined });
  });

  test('in a stack that gets no tokens', () => {
    const config = { ...unrenewed, alarms: full.alarms };
    expect(findings(config)).toEqual({ rules: [], failure: undefined });
  });

  test('in a stack that takes snapshots, with a key of S3’s own', () => {
    expect(findings({ ...watched, alarms: full.alarms })).toEqual({ rules: [], failure: undefined });
  });

  test('in an ephemeral stack that uses what the account has', () => {
    const config = { ...full, ephemeral: true, logs: { gatewayRole: 'existing' as const } };
    expect(findings(config)).toEqual({ rules: [], failure: undefined });
  });
});

describe('the synthesis fails', () => {
  test('on a finding of AWS’s own rules', () => {
    const { rules, failure } = findings(full, (stack) => {
      const resource = stack.node.findAll().find((each) => each instanceof CfnFunction);
      resource?.addPropertyOverride('Timeout', 901);
    });
    expect(rules.length).toBeGreaterThan(0);
    expect(failure).toBeInstanceOf(Error);
  });

  test('on a finding of AwsSolutions', () => {
    const { rules, failure } = findings(full, (stack) => {
      const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
      new CfnPolicy(stack, 'Wide', {
        policyName: 'wide',
        policyDocument: { Version: '2012-10-17', Statement: [statement] },
        roles: ['somebody'],
      });
    });
    expect(rules.join()).toContain('AwsSolutions-IAM5');
    expect(failure).toBeInstanceOf(Error);
  });
});
