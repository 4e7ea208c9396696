import { Aws, CfnOutput, type Stack } from 'aws-cdk-lib';
import type { ConfiguredCaller } from '../../shared/api/config/callers.ts';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { publicUrlOf } from '../../shared/api/config/webhook-environment.ts';
import { grantable, lookupvisitor, query } from '../../shared/api/endpoints.ts';
import { webhookUrl } from '../../shared/api/webhook-path.ts';
import { npmRun } from '../names.ts';
import type { Alarms } from './alarms.ts';
import type { RelayApi } from './api.ts';
import type { RelayBus } from './bus.ts';
import type { RelayDashboard } from './dashboard.ts';
import type { GroupSecrets } from './group-secrets.ts';
import type { Refresh } from './refresh.ts';
import type { Signals } from './signals.ts';
import type { Snapshots } from './snapshots.ts';
import { httpSources, inAscii, outputName } from './webhook-sources.ts';
import type { Webhooks } from './webhooks.ts';

interface OutputsProps {
  readonly stage: string;
  readonly config: RelayConfig;
  readonly api: RelayApi;
  readonly secrets: GroupSecrets;
  readonly refresh: Refresh | undefined;
  readonly signals: Signals;
  readonly bus: RelayBus;
  readonly webhooks: Webhooks | undefined;
  readonly snapshots: Snapshots | undefined;
  readonly dashboard: RelayDashboard;
  readonly alarms: Alarms;
}

/** What whoever deployed has to know, and has to do next. */
export function addOutputs(stack: Stack, props: OutputsProps): void {
  const { stage, config, api, secrets, refresh, signals, bus, webhooks, snapshots, dashboard, alarms } =
    props;
  const tell: Tell = (name, description, value) =>
    new CfnOutput(stack, `Output${name}`, { key: name, description, value });

  tell('Address', 'Where the endpoints are', api.address);
  tell('ApiId', 'For the commands of docs/runbook.md', api.rest.restApiId);
  tell('Dashboard', 'The dashboard in the CloudWatch console', dashboard.address);
  for (const { groupid, token, credentials } of secrets.all) {
    tell(`TokenSecret${groupid}`, `The secret with the Glance token of group ${groupid}`, token.name);
    if (credentials) {
      const description = `The secret with the credentials that Glance grants tokens of group ${groupid} for`;
      tell(`CredentialsSecret${groupid}`, description, credentials.name);
    }
  }
  if (refresh) tell('RefreshQueue', 'The queue on which new tokens are asked for', refresh.queue.queueUrl);
  tell('SignalQueue', 'The queue of signals that are to be delivered', signals.queue.queueUrl);
  tell('SignalDeadLetters', 'Signals and events that need somebody', signals.deadLetters.queueUrl);
  tell('EventBus', 'The bus on which the relay tells what happens: make a rule', bus.name);
  tell('SignalTable', 'The table with the records of the signals', signals.records.name);
  if (webhooks) tellOfWebhooks(tell, config, webhooks, publicUrlOf(config) ?? api.address);
  if (snapshots) tellOfSnapshots(tell, snapshots);
  if (alarms.topic) tell('AlarmTopic', 'Who subscribes to it hears of alarms', alarms.topic.topicArn);
  if (api.domain && !api.domain.hasRecord)
    tell('DnsTarget', `Enter it in your DNS as CNAME of ${config.domain?.name}`, api.domain.target);
  tell('Step1', 'First: the credentials of each group', storeCredentials(secrets, stage));
  const [groupid = ''] = Object.keys(config.groups);
  tell('Step2', 'Then: is all well with Glance?', npmRun(stage, `probe -- ${groupid}`));
  const [[role, caller] = ['', undefined]] = Object.entries(config.callers);
  if (caller)
    tell('Step3', `Then, with credentials of ${role}: the first call`, firstCall(api.address, caller));
  const [keys] = webhooks?.keys ?? [];
  if (keys) tell('Step4', 'Then: the keys of each source of webhooks', storeKeys(keys.name, stage));
}

type Tell = (name: string, description: string, value: string) => void;

function tellOfWebhooks(tell: Tell, config: RelayConfig, { keys }: Webhooks, address: string): void {
  for (const source of httpSources(config)) {
    const { authentication = '', hasReplayProtection } = config.webhooks[source] ?? {};
    const caution = hasReplayProtection ? '' : '; who captures a request can send it again';
    const description = `Where ${source} shall send its webhooks (${inAscii(authentication)}${caution})`;
    tell(`WebhookUrl${outputName(source)}`, description, webhookUrl(address, source));
  }
  for (const { source, name, content } of keys)
    tell(`WebhookSecret${outputName(source)}`, `The secret with the keys of ${source}: ${content}`, name);
}

function tellOfSnapshots(tell: Tell, { bucket: { bucket }, catalog }: Snapshots): void {
  tell('SnapshotBucket', 'The bucket with the snapshots of who was on the site', bucket.bucketName);
  tell('SnapshotWorkgroup', 'The workgroup of Athena for queries of snapshots', catalog.workgroup);
  tell('SnapshotDatabase', 'The database of Athena with the snapshots', catalog.database);
  const editor = `https://${Aws.REGION}.console.aws.amazon.com/athena/home?region=${Aws.REGION}#/query-editor`;
  const description = 'Queries to begin with, in the console of Athena: choose the workgroup above first';
  tell('SnapshotQueries', description, editor);
}

function storeKeys(secret: string, stage: string): string {
  const command = `aws secretsmanager put-secret-value --secret-id ${secret} --secret-string file://keys.json`;
  return `${command} # "${npmRun(stage, 'webhook -- --list')}" tells what to put there, for each source`;
}

/** Into the secrets that the stack has made: the others have theirs, or somebody puts their tokens. */
function storeCredentials({ renewed }: GroupSecrets, stage: string): string {
  const [first, ...others] = renewed.filter(({ credentials }) => credentials.isOwn);
  if (!first) return 'nothing to do: every group has credentials, or tokens, of yours';
  const command = npmRun(stage, `credentials -- ${first.groupid}`);
  return others.length > 0 ? `${command} # and so on, for each CredentialsSecret` : command;
}

/** One that this caller may make. */
function firstCall(address: string, { endpoints: granted, groups: [groupid] }: ConfiguredCaller): string {
  const { path, method } = grantable.find(({ name }) => granted.includes(name)) ?? lookupvisitor;
  const signed = `--aws-sigv4 aws:amz:${Aws.REGION}:execute-api --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H "x-amz-security-token: $AWS_SESSION_TOKEN"`;
  const visitor = path === query.path ? '' : '&visitorid=ada';
  const message =
    method === 'POST' ? ` -H "content-type: application/json" -d '{"mtype":"signal","data":"Hello"}'` : '';
  return `curl ${signed} "${address}${path}?groupid=${groupid}${visitor}"${message}`;
}
