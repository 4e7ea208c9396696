import { signedFetch } from '../../infra/cli/signed-fetch.ts';
import type { EmulatedAccount } from '../../infra/emulated/account.ts';

/** The names of all that there is, by kind, in order. */
export type Listing = Readonly<Record<string, readonly string[]>>;

interface Question {
  /** As signatures name it. */
  readonly service: string;
  /** The field of the answer, be it JSON or XML, that names each. */
  readonly name: string;
  /** The request, for what comes after this token if there is one; and of this one where it is asked of each. */
  readonly request: (more: Readonly<Record<string, string>>) => Request;
  /** It is asked of each of that kind, by this parameter. */
  readonly ofEach?: readonly [kind: string, parameter: string];
}

interface Request {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

type Parameters = Readonly<Record<string, string | boolean>>;

/** Every kind of thing that a stack of ours makes, or that something makes for it. */
const questions: Readonly<Record<string, Question>> = {
  stacks: query('cloudformation', '2010-05-15', 'DescribeStacks', 'StackName'),
  roles: query('iam', '2010-05-08', 'ListRoles', 'RoleName'),
  policies: query('iam', '2010-05-08', 'ListPolicies', 'PolicyName', { Scope: 'Local' }),
  topics: query('sns', '2010-03-31', 'ListTopics', 'TopicArn'),
  alarms: query('monitoring', '2010-08-01', 'DescribeAlarms', 'AlarmName'),
  dashboards: query('monitoring', '2010-08-01', 'ListDashboards', 'DashboardName'),
  queues: query('sqs', '2012-11-05', 'ListQueues', 'QueueUrl'),
  tables: json('dynamodb', 'DynamoDB_20120810.ListTables', 'TableNames'),
  backups: json('dynamodb', 'DynamoDB_20120810.ListBackups', 'BackupArn', { BackupType: 'ALL' }),
  logs: json('logs', 'Logs_20140328.DescribeLogGroups', 'logGroupName'),
  secrets: json('secretsmanager', 'secretsmanager.ListSecrets', 'ARN', { IncludePlannedDeletion: true }),
  buses: json('events', 'AWSEvents.ListEventBuses', 'Name'),
  rules: { ...json('events', 'AWSEvents.ListRules', 'Arn'), ofEach: ['buses', 'EventBusName'] },
  databases: json('glue', 'AWSGlue.GetDatabases', 'Name'),
  'tables of Glue': {
    ...json('glue', 'AWSGlue.GetTables', 'Location'),
    ofEach: ['databases', 'DatabaseName'],
  },
  workgroups: json('athena', 'AmazonAthena.ListWorkGroups', 'Name'),
  'named queries': {
    ...json('athena', 'AmazonAthena.ListNamedQueries', 'NamedQueryIds'),
    ofEach: ['workgroups', 'WorkGroup'],
  },
  tagged: json('tagging', 'ResourceGroupsTaggingAPI_20170126.GetResources', 'ResourceARN'),
  functions: rest('lambda', '/2015-03-31/functions', 'FunctionName'),
  'event source mappings': rest('lambda', '/2015-03-31/event-source-mappings', 'UUID'),
  apis: rest('apigateway', '/restapis', 'id'),
  'role of API Gateway': rest('apigateway', '/account', 'cloudwatchRoleArn'),
  schedules: rest('scheduler', '/schedules', 'Arn'),
  'groups of schedules': rest('scheduler', '/schedule-groups', 'Name'),
  buckets: rest('s3', '/', 'Name'),
};

/** The protocols of AWS's services: forms answered with XML, JSON with a target, and paths. */
function query(service: string, Version: string, Action: string, name: string, fixed = {}): Question {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const bodyOf = (more: object) => String(new URLSearchParams({ Action, Version, ...fixed, ...more }));
  return { service, name, request: (more) => ({ path: '/', headers, body: bodyOf(more) }) };
}

function json(service: string, target: string, name: string, fixed: Parameters = {}): Question {
  const headers = { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1' };
  return {
    service,
    name,
    request: (more) => ({ path: '/', headers, body: JSON.stringify({ ...fixed, ...more }) }),
  };
}

function rest(service: string, path: string, name: string): Question {
  return { service, name, request: (more) => ({ path: `${path}?${new URLSearchParams(more)}` }) };
}

/** All that is in the account, of these kinds. */
export async function listAccount(account: EmulatedAccount): Promise<Listing> {
  const listing: Record<string, string[]> = {};
  for (const [kind, question] of Object.entries(questions)) {
    const [of, parameter = ''] = question.ofEach ?? [];
    const each = of === undefined ? [{}] : (listing[of] ?? []).map((name) => ({ [parameter]: name }));
    const found = await Promise.all(each.map((one) => ask(account, question, one)));
    listing[kind] = [...new Set(found.flat())].toSorted();
  }
  return listing;
}

async function ask(
  account: EmulatedAccount,
  question: Question,
  more: Readonly<Record<string, string>>,
): Promise<string[]> {
  const { region, endpoint, options } = account;
  const { service, name, request } = question;
  const { path, ...rest } = request(more);
  const call = signedFetch({ credentials: options.credentials, region, service });
  const method = rest.body === undefined ? 'GET' : 'POST';
  const response = await call(`${endpoint}${path}`, { method, ...rest });
  const text = await response.text();
  if (!response.ok) throw new Error(`${service} ${rest.body ?? path}: ${response.status} ${text}`);
  const [, token, value] = /["<](NextToken|nextToken|Marker|NextMarker)(?:": *"|>)([^"<]+)/.exec(text) ?? [];
  const further = token && value ? { ...more, [token.replace('NextMarker', 'Marker')]: value } : undefined;
  return [...namesIn(text, name), ...(further ? await ask(account, question, further) : [])];
}

/** A text, several of them, or an element. */
function namesIn(text: string, name: string): string[] {
  const fields = text.matchAll(new RegExp(`"${name}": *("[^"]*"|\\[[^\\]]*\\])|<${name}>([^<]*)<`, 'g'));
  return [...fields].flatMap(([, inJson, inXml]) =>
    inJson === undefined ? [inXml ?? ''] : [JSON.parse(inJson)].flat(),
  );
}

/** What is in the one and not in the other, of those kinds that have any. */
export function beyond(listing: Listing, other: Listing): Listing {
  const more = Object.entries(listing).map(([kind, names]) => [
    kind,
    names.filter((name) => !other[kind]?.includes(name)),
  ]);
  return Object.fromEntries(more.filter(([, names]) => names?.length));
}
