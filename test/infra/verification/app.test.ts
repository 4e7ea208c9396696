import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stackName } from '../../../infra/names.ts';
import { verificationApp } from '../../../infra/verification/app.ts';
import { madeTag, type Order, orderVariables, readOrder } from '../../../infra/verification/order.ts';
import { emptyBundles, only, resourcesOf, type TemplateDocument } from '../../support/stack.ts';

const stage = 'verify-a1b2c3';
const twin: Order = {
  ...{ kind: 'twin', stage, presence: 'https://stand-in.lambda-url.eu-west-1.on.aws' },
  role: 'arn:aws:iam::111122223333:role/agent-desk',
};
const standIn: Order = {
  ...{ kind: 'stand-in', stack: `${stackName(stage)}-glance` },
  ...{ passwordDigest: 'a'.repeat(64), tokenDigest: 'b'.repeat(64) },
};

async function synthesized(order: Order, name: string) {
  using bundles = emptyBundles();
  const outdir = mkdtempSync(path.join(tmpdir(), 'verification-'));
  onTestFinished(() => rmSync(outdir, { recursive: true }));
  const stack = (await verificationApp(order, bundles.folder, outdir)).synth().getStackByName(name);
  const files = readdirSync(outdir);
  return { template: stack.template as TemplateDocument, tags: stack.tags, files };
}

/** What would be there when the stack is gone. */
function kept({ Resources }: TemplateDocument): string[] {
  return Object.values(Resources).flatMap(({ Type, DeletionPolicy }) =>
    DeletionPolicy === undefined || DeletionPolicy === 'Delete' ? [] : [Type],
  );
}

test('the twin is the relay itself, with the stand-in for Glance, and passes all of its rules', async () => {
  const { template, tags } = await synthesized(twin, stackName(stage));
  const query = resourcesOf(template, 'AWS::Lambda::Function').find(
    ([, { Properties }]) => Properties.FunctionName === `${stackName(stage)}-query`,
  );
  const groups = JSON.parse(query?.[1].Properties.Environment.Variables.RELAY_GROUPS);
  expect(groups['1'].presence).toBe('https://stand-in.lambda-url.eu-west-1.on.aws');
  expect(tags).toMatchObject({ [madeTag]: 'twin' });
});

test('neither stack leaves anything behind', async () => {
  const relay = await synthesized(twin, stackName(stage));
  const glance = await synthesized(standIn, `${stackName(stage)}-glance`);
  expect([kept(relay.template), kept(glance.template)]).toEqual([[], []]);
  expect(resourcesOf(relay.template, 'AWS::ApiGateway::Account')).toEqual([]);
});

test('the stand-in streams at an address of its own, and its template holds digests alone', async () => {
  const { template, tags } = await synthesized(standIn, `${stackName(stage)}-glance`);
  expect(only(template, 'AWS::Lambda::Url').Properties).toMatchObject({
    AuthType: 'NONE',
    InvokeMode: 'RESPONSE_STREAM',
  });
  expect(only(template, 'AWS::Lambda::Function').Properties.Environment.Variables).toEqual({
    PASSWORD_DIGEST: 'a'.repeat(64),
    TOKEN_DIGEST: 'b'.repeat(64),
  });
  expect(only(template, 'AWS::IAM::Policy').Properties.PolicyDocument.Statement).toEqual([
    expect.objectContaining({ Action: ['logs:CreateLogStream', 'logs:PutLogEvents'] }),
  ]);
  expect(template.Outputs.Url).toBeDefined();
  expect(tags).toMatchObject({ [madeTag]: 'stand-in' });
});

test('two runs at once do not build it in one place', async () => {
  const { files } = await synthesized(standIn, `${stackName(stage)}-glance`);
  expect(files).toContain('stand-in');
});

test('whoever may call its address at all, may do so: AWS wants two rights for that', async () => {
  const { template } = await synthesized(standIn, `${stackName(stage)}-glance`);
  const rights = resourcesOf(template, 'AWS::Lambda::Permission').map(([, { Properties }]) => Properties);
  expect(rights).toEqual([
    expect.objectContaining({
      Action: 'lambda:InvokeFunctionUrl',
      FunctionUrlAuthType: 'NONE',
      Principal: '*',
    }),
    expect.objectContaining({ Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true, Principal: '*' }),
  ]);
});

test('to remove a stack, its name is all that is needed', async () => {
  const { template } = await synthesized(
    { kind: 'gone', stack: 'presence-relay-verify-a1b2c3' },
    'presence-relay-verify-a1b2c3',
  );
  expect(Object.values(template.Resources).map(({ Type }) => Type)).toEqual([
    'AWS::CloudFormation::WaitConditionHandle',
  ]);
});

test('an order is read as it was written; without one, nothing is made', () => {
  for (const order of [twin, standIn]) expect(readOrder(orderVariables(order))).toEqual(order);
  expect(() => readOrder({})).toThrow();
});
