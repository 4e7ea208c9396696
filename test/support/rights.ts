import { expect } from 'vitest';
import { type Resource, resourcesOf, type TemplateDocument, textOf } from './stack.ts';

export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource?: unknown;
  readonly Principal?: Record<string, unknown>;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

export function statementsIn({ Properties }: Resource): Statement[] {
  return (Properties.PolicyDocument ?? Properties.AssumeRolePolicyDocument ?? Properties.Policy).Statement;
}

/** What the role of a function may do: `action resource`, with all of its policies. */
export function rightsOf(template: TemplateDocument, name: string): string[] {
  const [, lambda] = resourcesOf(template, 'AWS::Lambda::Function').find(
    ([, { Properties }]) => Properties.FunctionName === name,
  ) as [string, Resource];
  return rightsOfRole(template, lambda.Properties.Role['Fn::GetAtt'][0]);
}

export function rightsOfRole(template: TemplateDocument, role: string): string[] {
  expect(template.Resources[role]?.Properties.ManagedPolicyArns).toBeUndefined();
  expect(template.Resources[role]?.Properties.Policies).toBeUndefined();
  return resourcesOf(template, 'AWS::IAM::Policy')
    .filter(([, { Properties }]) => Properties.Roles.some(({ Ref }: { Ref: string }) => Ref === role))
    .flatMap(([, policy]) => statementsIn(policy))
    .flatMap(({ Effect, Action, Resource }) =>
      [Action]
        .flat()
        .flatMap((action) => [Resource].flat().map((one) => `${Effect} ${action} ${textOf(one)}`)),
    )
    .toSorted();
}

/** The logical id of the secret with this name. */
export function secretOf(template: TemplateDocument, name: string): string {
  return idOf(template, 'AWS::SecretsManager::Secret', ({ Properties }) => Properties.Name === name);
}

export function queueOf(template: TemplateDocument, name: string): string {
  return idOf(template, 'AWS::SQS::Queue', ({ Properties }) => Properties.QueueName === name);
}

export function idOf(
  template: TemplateDocument,
  type: string,
  matches: (resource: Resource) => boolean,
): string {
  return resourcesOf(template, type).find(([, resource]) => matches(resource))?.[0] ?? 'none';
}

/** The log group that a function writes to. */
export function logGroupOf(of: TemplateDocument, name: string): string {
  const [, lambda] = resourcesOf(of, 'AWS::Lambda::Function').find(
    ([, { Properties }]) => Properties.FunctionName === name,
  ) as [string, Resource];
  return lambda.Properties.LoggingConfig.LogGroup.Ref;
}

/** What an event source mapping does with its queue. */
export const receive = [
  'ChangeMessageVisibility',
  'DeleteMessage',
  'GetQueueAttributes',
  'GetQueueUrl',
  'ReceiveMessage',
].map((action) => `sqs:${action}`);
