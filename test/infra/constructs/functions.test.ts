import { beforeAll, describe, expect, test } from 'vitest';
import { endpointFunctions, functions } from '../../../infra/functions.ts';
import { refreshEnvironment, relayEnvironment } from '../../../shared/api/config/environment.ts';
import { readEnvironment } from '../../../shared/runtime/environment.ts';
import { full, resourcesOf, templateOf, textOf, unrenewed } from '../../support/stack.ts';

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

/** As the function will find it. */
function environmentOf(of: Template, name: string): Record<string, string> {
  const { Variables } = functionOf(of, name).Environment;
  return Object.fromEntries(Object.entries(Variables).map(([key, value]) => [key, textOf(value)]));
}

function deployedIn(of: Template) {
  return resourcesOf(of, 'AWS::Lambda::Function').map(([, { Properties }]) => Properties.FunctionName);
}

test('There is a function for each endpoint, and one that gets the tokens', () => {
  expect(deployedIn(template).toSorted()).toEqual(
    ['findvisitor', 'lookupvisitor', 'query', 'refresh-token', 'signalvisitor'].map(
      (name) => `presence-relay-prod-${name}`,
    ),
  );
});

test('Where the relay gets no tokens, there is no function that does', () => {
  expect(deployedIn(templateOf(unrenewed))).toEqual(
    endpointFunctions.map(({ name }) => `presence-relay-prod-${name}`),
  );
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

  test('writes JSON to a log group of its own', () => {
    const { LoggingConfig } = functionOf(template, name);
    expect(LoggingConfig.LogFormat).toBe('JSON');
    expect(template.Resources[LoggingConfig.LogGroup.Ref]?.Type).toBe('AWS::Logs::LogGroup');
  });
});

describe.each(endpointFunctions)('the function $name', ({ name }) => {
  test('finds an environment that it can read, with the names of secrets and none of what they hold', () => {
    const variables = environmentOf(everything, name);
    const { RELAY_STAGE, RELAY_GROUPS, RELAY_ORIGINS } = readEnvironment(relayEnvironment, variables);
    expect(RELAY_STAGE).toBe('prod');
    expect(RELAY_GROUPS).toMatchObject({
      7: { secret: full.groups[7].secret.arn, renewed: false },
      72: { secret: 'presence-relay/prod/72/token', visitorids: 'strict', renewed: true },
      12345: { secret: full.groups[12345].secret.arn, visitorids: 'lax', renewed: true },
    });
    expect(RELAY_ORIGINS).toEqual(full.cors.origins);
    expect(Object.keys(variables).toSorted()).toEqual([
      'RELAY_CALLERS',
      'RELAY_GROUPS',
      'RELAY_ORIGINS',
      'RELAY_REFRESH_QUEUE',
      'RELAY_STAGE',
    ]);
  });

  test('is told of no credentials', () => {
    expect(JSON.stringify(environmentOf(everything, name))).not.toMatch(/credentials|glance\/account/);
  });

  test('knows only the callers that are granted its endpoint', () => {
    const { RELAY_CALLERS } = readEnvironment(relayEnvironment, environmentOf(everything, name));
    expect(Object.keys(RELAY_CALLERS)).toEqual(name === 'query' ? ['444455556666:crm'] : ['agent-desk']);
  });

  test('knows where to ask for a token, if the relay gets any', () => {
    const [[queue] = []] = resourcesOf(template, 'AWS::SQS::Queue').filter(
      ([, { Properties }]) => Properties.QueueName === 'presence-relay-prod-refresh.fifo',
    );
    expect(environmentOf(template, name).RELAY_REFRESH_QUEUE).toBe(`<${queue}>`);
    expect(environmentOf(templateOf(unrenewed), name)).not.toHaveProperty('RELAY_REFRESH_QUEUE');
  });
});

describe('the function refresh-token', () => {
  test('finds an environment that it can read, with the groups whose tokens it gets and no others', () => {
    const variables = environmentOf(everything, 'refresh-token');
    expect(readEnvironment(refreshEnvironment, variables)).toEqual({
      RELAY_STAGE: 'prod',
      RELAY_TOKEN_MINUTES: 100,
      RELAY_GROUPS: {
        72: {
          presence: 'https://presence.glance.net',
          authorization: full.groups[72].authorization,
          site: 'staging',
          secret: 'presence-relay/prod/72/token',
          credentials: 'presence-relay/prod/72/credentials',
        },
        12345: {
          presence: 'https://presence.glance.net',
          authorization: 'https://www.glance.net/services/AuthorizationService.svc/rest/Authorize',
          site: 'production',
          secret: full.groups[12345].secret.arn,
          credentials: full.groups[12345].credentials.arn,
        },
      },
    });
    expect(Object.keys(variables).length).toBe(3);
  });
});

test('There is room for the address of the refresh queue, which only the deployment knows', () => {
  const RELAY_REFRESH_QUEUE =
    'https://sqs.us-gov-west-1.amazonaws.com/111122223333/presence-relay-prod-refresh.fifo';
  // Tokens from elsewhere but for one group, so that it is not refresh-token whose environment is full first.
  const environmentWith = (count: number) => {
    const others = Array.from({ length: count }, (_, at) => [
      at + 2,
      { secret: { arn: `arn:aws:secretsmanager:eu-central-1:111122223333:secret:glance/${at}-AbCdEf` } },
    ]);
    const groups = { 1: {}, ...Object.fromEntries(others) };
    return environmentOf(templateOf({ groups, callers: { desk: { groups: [1] } } }), 'signalvisitor');
  };
  let bytes = 0;
  try {
    for (let count = 25; count < 60; count++)
      bytes = JSON.stringify({ ...environmentWith(count), RELAY_REFRESH_QUEUE }).length;
  } catch {
    // That was one group too many.
  }
  expect(bytes).toBeGreaterThan(3_700);
  expect(bytes).toBeLessThanOrEqual(4_000);
});

test('A configuration that Lambda would not take is refused before anything is deployed', () => {
  const groups = Object.fromEntries(Array.from({ length: 90 }, (_, index) => [index + 1, {}]));
  expect(() => templateOf({ groups, callers: { desk: { groups: [1] } } })).toThrow(/bytes of environment/);
});
