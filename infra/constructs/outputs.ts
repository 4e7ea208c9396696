import { Aws, CfnOutput, type Stack } from 'aws-cdk-lib';
import type { ConfiguredCaller } from '../../shared/api/config/callers.ts';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { endpoints, lookupvisitor, query } from '../../shared/api/endpoints.ts';
import { npmRun } from '../names.ts';
import type { Alarms } from './alarms.ts';
import type { RelayApi } from './api.ts';
import type { RelayDashboard } from './dashboard.ts';
import type { GroupSecrets } from './group-secrets.ts';
import type { Refresh } from './refresh.ts';

interface OutputsProps {
  readonly stage: string;
  readonly config: RelayConfig;
  readonly api: RelayApi;
  readonly secrets: GroupSecrets;
  readonly refresh: Refresh | undefined;
  readonly dashboard: RelayDashboard;
  readonly alarms: Alarms;
}

/** What whoever deployed has to know, and has to do next. */
export function addOutputs(stack: Stack, props: OutputsProps): void {
  const { stage, config, api, secrets, refresh, dashboard, alarms } = props;
  const tell = (name: string, description: string, value: string) =>
    new CfnOutput(stack, `Output${name}`, { key: name, description, value });

  tell('Address', 'Where the four endpoints are', api.address);
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
  if (alarms.topic) tell('AlarmTopic', 'Who subscribes to it hears of alarms', alarms.topic.topicArn);
  if (api.domain && !api.domain.hasRecord)
    tell('DnsTarget', `Enter it in your DNS as CNAME of ${config.domain?.name}`, api.domain.target);
  tell('Step1', 'First: the credentials of each group', storeCredentials(secrets, stage));
  const [groupid = ''] = Object.keys(config.groups);
  tell('Step2', 'Then: is all well with Glance?', npmRun(stage, `probe -- ${groupid}`));
  const [[role, caller] = ['', undefined]] = Object.entries(config.callers);
  if (caller)
    tell('Step3', `Then, with credentials of ${role}: the first call`, firstCall(api.address, caller));
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
  const { path, method } = endpoints.find(({ name }) => granted.includes(name)) ?? lookupvisitor;
  const signed = `--aws-sigv4 aws:amz:${Aws.REGION}:execute-api --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H "x-amz-security-token: $AWS_SESSION_TOKEN"`;
  const visitor = path === query.path ? '' : '&visitorid=ada';
  const message =
    method === 'POST' ? ` -H "content-type: application/json" -d '{"mtype":"signal","data":"Hello"}'` : '';
  return `curl ${signed} "${address}${path}?groupid=${groupid}${visitor}"${message}`;
}
