import { beforeAll, describe, expect, test } from 'vitest';
import { functions } from '../../../infra/functions.ts';
import { relayEnvironment } from '../../../shared/api/config/environment.ts';
import { readEnvironment } from '../../../shared/runtime/environment.ts';
import { full, resourcesOf, templateOf } from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

let template: Template;
let everything: Template;
beforeAll(() => {
  template = templateOf();
  everything = templateOf(full);
});

function functionOf(of: Template, name: string) {
  const found = resourcesOf(of, 'AWS::Lambda::Function').find(([, { Properties }]) =>
    Properties.FunctionName.endsWith(`-${name}`),
  );
  if (!found) throw new Error(`no function ${name}`);
  return found[1].Properties;
}

test('There are four functions, one for each endpoint', () => {
  const deployed = resourcesOf(template, 'AWS::Lambda::Function').map(
    ([, { Properties }]) => Properties.FunctionName,
  );
  expect(deployed).toEqual(functions.map(({ name }) => `presence-relay-prod-${name}`));
});

describe.each(functions)('the function $name', ({ name, timeoutSeconds, memoryMb }) => {
  test('runs on Node 24, on arm64, with the memory and the time of its specification', () => {
    expect(functionOf(template, name)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: memoryMb,
      Timeout: timeoutSeconds,
    });
  });

  test('finds an environment that it can read, with the names of secrets and none of what they hold', () => {
    const variables = functionOf(everything, name).Environment.Variables;
    const { RELAY_STAGE, RELAY_GROUPS, RELAY_ORIGINS } = readEnvironment(relayEnvironment, variables);
    expect(RELAY_STAGE).toBe('prod');
    expect(RELAY_GROUPS).toMatchObject({
      12345: { secret: full.groups[12345].secret.arn, visitorids: 'lax' },
      72: { secret: 'presence-relay/prod/72/token', visitorids: 'strict' },
    });
    expect(RELAY_ORIGINS).toEqual(full.cors.origins);
    expect(Object.keys(variables).toSorted()).toEqual([
      'RELAY_CALLERS',
      'RELAY_GROUPS',
      'RELAY_ORIGINS',
      'RELAY_STAGE',
    ]);
  });

  test('knows only the callers that are granted its endpoint', () => {
    const { RELAY_CALLERS } = readEnvironment(
      relayEnvironment,
      functionOf(everything, name).Environment.Variables,
    );
    expect(Object.keys(RELAY_CALLERS)).toEqual(name === 'query' ? ['444455556666:crm'] : ['agent-desk']);
  });

  test('writes JSON to a log group of its own', () => {
    const { LoggingConfig } = functionOf(template, name);
    expect(LoggingConfig.LogFormat).toBe('JSON');
    expect(template.Resources[LoggingConfig.LogGroup.Ref]?.Type).toBe('AWS::Logs::LogGroup');
  });
});

test('A configuration that Lambda would not take is refused before anything is deployed', () => {
  const groups = Object.fromEntries(Array.from({ length: 90 }, (_, index) => [index + 1, {}]));
  expect(() => templateOf({ groups, callers: { desk: { groups: [1] } } })).toThrow(/bytes of environment/);
});
