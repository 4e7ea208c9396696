import { Aws, CfnOutput, type Stack } from 'aws-cdk-lib';
import type { ConfiguredCaller } from '../../shared/api/config/callers.ts';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { endpoints, lookupvisitor, query } from '../../shared/api/endpoints.ts';
import type { Alarms } from './alarms.ts';
import type { RelayApi } from './api.ts';
import type { RelayDashboard } from './dashboard.ts';
import type { TokenSecrets } from './token-secrets.ts';

interface OutputsProps {
  readonly config: RelayConfig;
  readonly api: RelayApi;
  readonly secrets: TokenSecrets;
  readonly dashboard: RelayDashboard;
  readonly alarms: Alarms;
}

/** What whoever deployed has to know, and has to do next. */
export function addOutputs(stack: Stack, { config, api, secrets, dashboard, alarms }: OutputsProps): void {
  const tell = (name: string, description: string, value: string) =>
    new CfnOutput(stack, `Output${name}`, { key: name, description, value });

  tell('Address', 'Where the four endpoints are', api.address);
  tell('ApiId', 'For the commands of docs/runbook.md', api.rest.restApiId);
  tell('Dashboard', 'The dashboard in the CloudWatch console', dashboard.address);
  for (const { groupid, name } of secrets.all) {
    tell(`TokenSecret${groupid}`, `The secret with the Glance token of group ${groupid}`, name);
  }
  if (alarms.topic) tell('AlarmTopic', 'Who subscribes to it hears of alarms', alarms.topic.topicArn);
  if (api.domain && !api.domain.hasRecord)
    tell('DnsTarget', `Enter it in your DNS as CNAME of ${config.domain?.name}`, api.domain.target);
  tell('Step1', 'First: a Glance token into the secret of each group', putTokens(secrets));
  const [groupid = ''] = Object.keys(config.groups);
  tell('Step2', 'Then: is all well with Glance?', `npm run probe -- ${groupid}`);
  const [[role, caller] = ['', undefined]] = Object.entries(config.callers);
  if (caller)
    tell('Step3', `Then, with credentials of ${role}: the first call`, firstCall(api.address, caller));
}

/** Into those that the stack has made: whoever brought one of their own keeps it up as well. */
function putTokens({ all }: TokenSecrets): string {
  const put = `aws secretsmanager put-secret-value --region ${Aws.REGION} --secret-id`;
  const [first, ...others] = all.filter(({ isOwn }) => isOwn);
  if (!first) return 'nothing to do: all groups have a secret of yours';
  const command = `${put} ${first.name} --secret-string file://token.txt`;
  return others.length > 0 ? `${command} # and so on, for each TokenSecret` : command;
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
