import { beforeAll, describe, expect, test } from 'vitest';
import { idOf, queueOf } from '../../support/rights.ts';
import { sourceWith } from '../../support/sources.ts';
import {
  full,
  hooked,
  minimal,
  only,
  partnerBus,
  resourcesOf,
  templateOf,
  textOf,
} from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

let template: Template;
let everything: Template;
beforeAll(() => {
  template = templateOf(hooked);
  everything = templateOf(full);
});

const name = 'presence-relay-prod-webhook';

function webhookOf(of: Template) {
  const found = resourcesOf(of, 'AWS::Lambda::Function').find(
    ([, { Properties }]) => Properties.FunctionName === name,
  );
  return found?.[1];
}

test('Where no source is configured, nothing of webhooks is there', () => {
  const partsIn = ({ Resources, Outputs }: Template) =>
    Object.keys({ ...Resources, ...Outputs }).filter((id) => /webhook/i.test(id));
  expect(partsIn(templateOf(minimal))).toEqual([]);
  expect(partsIn(template).length).toBeGreaterThan(15);
});

describe('the function that takes webhooks', () => {
  test('has instances set apart for it, and never more, so that a flood leaves room for callers', () => {
    expect(webhookOf(template)?.Properties.ReservedConcurrentExecutions).toBe(20);
    expect(webhookOf(everything)?.Properties.ReservedConcurrentExecutions).toBe(7);
  });

  test('has none set apart where the account has none', () => {
    const of = templateOf({ ...hooked, webhookLimits: { concurrency: 'unreserved' } });
    expect(webhookOf(of)?.Properties).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  test('is alone with that', () => {
    const reserved = resourcesOf(everything, 'AWS::Lambda::Function').filter(
      ([, { Properties }]) => 'ReservedConcurrentExecutions' in Properties,
    );
    expect(reserved.map(([, { Properties }]) => Properties.FunctionName)).toEqual([name]);
  });
});

describe('the address of webhooks', () => {
  const settingsOf = (of: Template) =>
    only(of, 'AWS::ApiGateway::Stage').Properties.MethodSettings.filter(
      ({ ResourcePath }: { ResourcePath: string }) => ResourcePath === '/~1webhooks~1{source}',
    );

  test('has limits of its own for every method, whatever callers have', () => {
    for (const [of, rate, burst] of [
      [template, 50, 20],
      [everything, 30, 6],
    ] as const) {
      expect(settingsOf(of).map(({ HttpMethod }: { HttpMethod: string }) => HttpMethod)).toEqual([
        'DELETE',
        'GET',
        'HEAD',
        'OPTIONS',
        'PATCH',
        'POST',
        'PUT',
      ]);
      for (const settings of settingsOf(of))
        expect(settings).toMatchObject({
          ThrottlingRateLimit: rate,
          ThrottlingBurstLimit: burst,
          LoggingLevel: 'ERROR',
          DataTraceEnabled: false,
        });
    }
  });

  test('asks API Gateway for no settings of ANY, which it does not take', () => {
    const { MethodSettings } = only(everything, 'AWS::ApiGateway::Stage').Properties;
    expect(MethodSettings.map(({ HttpMethod }: { HttpMethod: string }) => HttpMethod)).not.toContain('ANY');
  });

  test('is told for each source that sends requests, with what it proves', () => {
    const told = Object.entries(template.Outputs).filter(([output]) => output.startsWith('WebhookUrl'));
    expect(told).toEqual([
      [
        'WebhookUrlCrm',
        {
          Description:
            'Where crm shall send its webhooks (a secret in the query (?code=...); who captures a request can send it again)',
          Value: 'https://relay.acme.example/presence/webhooks/crm',
        },
      ],
      [
        'WebhookUrlHelpDesk',
        {
          Description:
            'Where help-desk shall send its webhooks (HMAC-SHA256 over the address, the body and a time)',
          Value: 'https://relay.acme.example/presence/webhooks/help-desk',
        },
      ],
    ]);
    expect(everything.Outputs.WebhookUrlCrm?.Value).toBe('https://presence.acme.example/webhooks/crm');
  });

  test('is that of API Gateway where there is no other', () => {
    const { crm } = full.webhooks;
    const { Outputs } = templateOf({ ...minimal, webhooks: { crm } });
    expect(textOf(Outputs.WebhookUrlCrm?.Value)).toBe(`${textOf(Outputs.Address?.Value)}/webhooks/crm`);
  });
});

describe('the keys of a source', () => {
  test('have a secret that says what to put there, and holds a state until then', () => {
    const secrets = resourcesOf(template, 'AWS::SecretsManager::Secret')
      .map(([, { Properties }]) => Properties)
      .filter(({ Name }) => Name.includes('/webhooks/'));
    expect(secrets.map(({ Name, SecretString, Description }) => [Name, SecretString, Description])).toEqual([
      [
        'presence-relay/prod/webhooks/crm',
        '{"state":"unset"}',
        'Keys of the webhooks of crm, for Presence Relay: {"keys": ["..."]}; keys: the secret of the webhook',
      ],
      [
        'presence-relay/prod/webhooks/help-desk',
        '{"state":"unset"}',
        'Keys of the webhooks of help-desk, for Presence Relay: {"keys": ["..."], "tokens": ["..."]}; ' +
          'keys: the signing secret (whsec_...); tokens: the token of the batches (may be left out)',
      ],
    ]);
  });

  test('are told, and how to store them', () => {
    expect(template.Outputs.WebhookSecretCrm?.Value).toBe('presence-relay/prod/webhooks/crm');
    expect(template.Outputs.WebhookSecretHelpDesk?.Description).toContain('keys: the signing secret');
    expect(template.Outputs).not.toHaveProperty('WebhookSecretSales');
    expect(template.Outputs.Step4?.Value).toBe(
      'aws secretsmanager put-secret-value --secret-id presence-relay/prod/webhooks/crm --secret-string file://keys.json ' +
        '# "npm run webhook -- --list" tells what to put there, for each source',
    );
  });
});

describe('events of a partner bus', () => {
  test('come from the bus of the source alone, for this account, to the function', () => {
    const { EventBusName, EventPattern, Targets, State } = only(template, 'AWS::Events::Rule').Properties;
    expect(EventBusName).toBe(partnerBus);
    expect(EventPattern).toEqual({ source: [partnerBus], account: [{ Ref: 'AWS::AccountId' }] });
    const id = idOf(template, 'AWS::Lambda::Function', ({ Properties }) => Properties.FunctionName === name);
    expect([State, Targets.map(({ Arn }: { Arn: unknown }) => textOf(Arn))]).toEqual([
      'ENABLED',
      [`<${id}.Arn>`],
    ]);
  });

  test('that Lambda does not take, or the function fails, are with the dead letters in the end', () => {
    const deadLetters = {
      'Fn::GetAtt': [queueOf(template, 'presence-relay-prod-signals-dead-letters'), 'Arn'],
    };
    const [{ DeadLetterConfig, RetryPolicy }] = only(template, 'AWS::Events::Rule').Properties.Targets;
    expect(DeadLetterConfig).toEqual({ Arn: deadLetters });
    expect(RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 });
    const { FunctionName, ...config } = only(template, 'AWS::Lambda::EventInvokeConfig').Properties;
    expect(template.Resources[FunctionName.Ref]?.Properties.FunctionName).toBe(name);
    expect(config).toEqual({
      DestinationConfig: { OnFailure: { Destination: deadLetters } },
      MaximumEventAgeInSeconds: 21_600,
      MaximumRetryAttempts: 2,
      Qualifier: '$LATEST',
    });
  });

  test('can be put there before Lambda looks whether they can', () => {
    const { DependsOn = [] } = webhookOf(template) ?? {};
    const types = [DependsOn].flat().map((id) => template.Resources[id]?.Type);
    expect(types).toContain('AWS::IAM::Policy');
  });

  test('have neither rule nor address where every source sends requests, or none does', () => {
    const { crm, sales } = full.webhooks;
    const requests = templateOf({ ...minimal, webhooks: { crm } });
    expect(resourcesOf(requests, 'AWS::Events::Rule')).toEqual([]);
    expect(resourcesOf(requests, 'AWS::Lambda::EventInvokeConfig')).toEqual([]);
    const events = templateOf({ ...minimal, webhooks: { sales } });
    expect(Object.keys(events.Outputs).join()).not.toMatch(/Webhook/);
    expect(JSON.stringify(resourcesOf(events, 'AWS::ApiGateway::Resource'))).not.toContain('webhooks');
    expect(JSON.stringify(only(events, 'AWS::ApiGateway::RestApi'))).not.toContain('webhooks');
  });
});

describe('a source that signs the address it calls', () => {
  const signing = sourceWith({ signsUrl: true });

  test('is not deployed where nothing tells that address, and says what to write', () => {
    expect(() => templateOf({ ...minimal, webhooks: { hubspot: signing, crm: sourceWith() } })).toThrow(
      /^relay\.config\.ts: webhooks: hubspot signs the address .* Configure a domain, .* publicUrl: 'https:/,
    );
    expect(() => templateOf({ ...minimal, webhooks: { hubspot: signing, twilio: signing } })).toThrow(
      /^relay\.config\.ts: webhooks: hubspot, twilio sign the addresses/,
    );
  });

  test.each([{ publicUrl: 'https://relay.acme.example' }, { domain: full.domain }])(
    'is deployed with %o, and its function knows it',
    (address) => {
      const of = templateOf({ ...minimal, webhooks: { hubspot: signing }, ...address });
      expect(webhookOf(of)?.Properties.Environment.Variables.RELAY_PUBLIC_URL).toMatch(/^https:\/\//);
    },
  );

  test('does not matter where its events come on a bus', () => {
    const relayed = sourceWith({ signsUrl: true, transport: () => ({ eventSource: partnerBus }), lists: {} });
    expect(() => templateOf({ ...minimal, webhooks: { sales: relayed } })).not.toThrow();
  });
});

test('Sources whose outputs would have one name are not deployed, and are named', () => {
  const crm = sourceWith();
  expect(() => templateOf({ ...minimal, webhooks: { 'crm-1': crm, crm1: crm } })).toThrow(
    'relay.config.ts: webhooks: crm-1 and crm1 differ by hyphens alone; rename one of them',
  );
  expect(() => templateOf({ ...minimal, webhooks: { 'a-b': crm, ab: crm } })).not.toThrow();
});
