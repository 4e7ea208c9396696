import { Aws, CfnOutput, type Stack } from 'aws-cdk-lib';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import type { Alarms } from './alarms.ts';
import type { RelayApi } from './api.ts';
import type { RelayDashboard } from './dashboard.ts';
import type { TokenSecrets } from './token-secrets.ts';

interface Deployed {
  readonly config: RelayConfig;
  readonly api: RelayApi;
  readonly secrets: TokenSecrets;
  readonly dashboard: RelayDashboard;
  readonly alarms: Alarms;
}

/** What whoever deployed has to know, and has to do next. */
export function addOutputs(stack: Stack, { config, api, secrets, dashboard, alarms }: Deployed): void {
  const tell = (name: string, description: string, value: string) =>
    new CfnOutput(stack, `Output${name}`, { key: name, description, value });
  const [groupid = ''] = Object.keys(config.groups);

  tell('Address', 'Where the four endpoints are', api.address);
  tell('ApiId', 'For the commands of docs/runbook.md', api.rest.restApiId);
  tell('Callers', 'The roles that may call', Object.keys(config.callers).join(', '));
  tell('Dashboard', 'How it goes', dashboard.address);
  for (const { groupid, name } of secrets.all) {
    tell(`TokenSecret${groupid}`, `The secret with the Glance token of group ${groupid}`, name);
  }
  if (alarms.topic) tell('AlarmTopic', 'Who subscribes to it hears of alarms', alarms.topic.topicArn);
  if (api.domain && !api.domain.hasRecord)
    tell('DnsTarget', `Enter it in your DNS as CNAME of ${config.domain?.name}`, api.domain.target);
  tell('Step1', 'First: a token into each secret', putToken(secrets));
  tell('Step2', 'Then: is all well with Glance?', `npm run probe -- ${groupid}`);
  tell('Step3', 'Then, with the credentials of a caller: the first call', firstCall(api.address, groupid));
}

function putToken({ all: [first] }: TokenSecrets): string {
  return `aws secretsmanager put-secret-value --region ${Aws.REGION} --secret-id ${first?.name} --secret-string file://token.txt`;
}

function firstCall(address: string, groupid: string): string {
  const signed = `--aws-sigv4 aws:amz:${Aws.REGION}:execute-api --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H "x-amz-security-token: $AWS_SESSION_TOKEN"`;
  return `curl ${signed} "${address}/lookupvisitor?groupid=${groupid}&visitorid=ada"`;
}
