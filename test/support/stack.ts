import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { CURRENTLY_RECOMMENDED_FLAGS } from 'aws-cdk-lib/cx-api';
import { functions } from '../../infra/functions.ts';
import { stackName } from '../../infra/names.ts';
import { RelayStack } from '../../infra/stack.ts';
import { defineRelay } from '../../shared/api/config/relay.ts';
import { sourceWith } from './sources.ts';

type Config = Parameters<typeof defineRelay>[0];

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's properties, of every shape there is
  readonly Properties: Record<string, any>;
  readonly Metadata?: {
    readonly checkov?: { readonly skip: readonly { readonly id: string; readonly comment: string }[] };
  };
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface TemplateDocument {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { Description: string; Value: unknown }>>;
}

export const minimal = {
  groups: { 12345: {} },
  callers: { 'agent-desk': { groups: [12345] } },
} satisfies Config;

/** The name of the bus of one of the sources below. */
export const partnerBus = 'aws.partner/salesforce.com/00D000000000001AAA/0YL000000000001AAA';

/** Everything that can be configured. */
export const full = {
  groups: {
    // Its tokens come from elsewhere.
    7: {
      secret: {
        arn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:glance/7-AbCdEf',
        keyArn: 'arn:aws:kms:eu-central-1:111122223333:key/7a1b2c3d-1111-2222-3333-444455556666',
      },
      snapshots: {
        everyMinutes: 60,
        fields: ['url', 'browser'],
        ids: 'digest',
        leftAfter: 3,
        mostEvents: 50,
      },
    },
    72: {
      visitorids: 'strict',
      authorization: 'https://acme.glance.net/services/AuthorizationService.svc/rest/Authorize',
      site: 'staging',
    },
    // Its tokens are got for credentials of the account, and put into a secret of the account.
    12345: {
      secret: {
        arn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:glance/12345-AbCdEf',
        keyArn: 'arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-1111-2222-3333-444455556666',
      },
      credentials: {
        arn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:glance/account-AbCdEf',
        keyArn: 'arn:aws:kms:eu-central-1:111122223333:key/ca1b2c3d-1111-2222-3333-444455556666',
      },
      snapshots: {},
    },
  },
  tokens: { minutes: 100, refreshMinutes: 40 },
  callers: {
    'agent-desk': { groups: [12345, 72] },
    'arn:aws:iam::444455556666:role/service/crm': { groups: [72], endpoints: ['query'] },
  },
  webhooks: {
    crm: sourceWith({ authentication: 'a secret in the query (?code=…)' }),
    // Its vendor signs the address.
    'help-desk': sourceWith({
      authentication: 'HMAC-SHA256 over the address, the body and a time',
      hasReplayProtection: true,
      signsUrl: true,
      lists: {
        keys: { of: 'the signing secret (whsec_…)' },
        tokens: { of: 'the token of the batches', optional: true },
      },
    }),
    // Its events come on a bus.
    sales: sourceWith({ transport: () => ({ eventSource: partnerBus }), lists: {} }),
  },
  webhookLimits: { rate: 30, burst: 6, concurrency: 7 },
  signals: { concurrency: 5 },
  snapshots: {
    retentionDays: 30,
    keyArn: 'arn:aws:kms:eu-central-1:111122223333:key/5a1b2c3d-1111-2222-3333-444455556666',
    queryLimitGiB: 10,
  },
  domain: {
    name: 'presence.acme.example',
    certificateArn: 'arn:aws:acm:eu-central-1:111122223333:certificate/0a1b2c3d',
    zone: { id: 'Z0123456789', name: 'acme.example' },
  },
  cors: { origins: ['https://desk.acme.example', 'http://localhost:5173'] },
  waf: { webAclArn: 'arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/acme/0a1b2c3d' },
  throttle: { rate: 20, burst: 40 },
  alarms: { email: 'ops@acme.example' },
  logs: { retentionDays: 365 },
} satisfies Config;

/** The smallest one that takes webhooks, of every kind. */
export const hooked = {
  ...minimal,
  publicUrl: 'https://relay.acme.example/presence',
  webhooks: full.webhooks,
} satisfies Config;

/** The smallest one that takes snapshots. */
export const watched = { ...minimal, groups: { 12345: { snapshots: {} } } } satisfies Config;

/** The relay gets no token by itself. */
export const unrenewed = {
  ...minimal,
  groups: { 12345: { secret: full.groups[7].secret } },
} satisfies Config;

/** Folders that look like built functions, in place of them. */
export function emptyBundles(): Disposable & { readonly folder: string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'bundles-'));
  for (const { name } of functions) {
    mkdirSync(path.join(folder, name));
    writeFileSync(path.join(folder, name, 'index.js'), `// ${name}\n`);
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** The template of the stack with this configuration. */
export function templateOf(config: Config = minimal, stage = 'prod'): TemplateDocument {
  using bundles = emptyBundles();
  const outdir = mkdtempSync(path.join(tmpdir(), 'cdk-'));
  const app = new App({ autoSynth: false, context: CURRENTLY_RECOMMENDED_FLAGS, outdir });
  Validations.of(app).acknowledge({
    id: 'Annotation::presence-relay:alarms',
    reason: 'nobody is to hear of tests',
  });
  new RelayStack(app, stackName(stage), { stage, config: defineRelay(config), bundles: bundles.folder });
  const template = app.synth().getStackByName(stackName(stage)).template;
  rmSync(outdir, { recursive: true });
  return template;
}

export function resourcesOf({ Resources }: TemplateDocument, type: string): [string, Resource][] {
  return Object.entries(Resources).filter(([, { Type }]) => Type === type);
}

export function only(template: TemplateDocument, type: string): Resource {
  const [found, ...more] = resourcesOf(template, type);
  if (!found || more.length > 0) throw new Error(`there are ${found ? more.length + 1 : 0} of ${type}`);
  return found[1];
}

/** Text that CloudFormation puts together, with the names of what it fills in: `arn:<AWS::Partition>:…`. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::Join': join, 'Fn::GetAtt': attribute } = value as Record<string, unknown>;
  if (typeof Ref === 'string') return `<${Ref}>`;
  if (Array.isArray(attribute)) return `<${attribute.join('.')}>`;
  if (Array.isArray(join)) return (join[1] as unknown[]).map(textOf).join(String(join[0]));
  throw new Error(`no text: ${JSON.stringify(value)}`);
}

/** The name of the function that a method of the API, or a permission, belongs to. */
export function functionNamed(template: TemplateDocument, text: string): string {
  const [, id = ''] = /<(\w+)\.Arn>/.exec(text) ?? [];
  return template.Resources[id]?.Properties.FunctionName ?? '';
}
