import type { APIGatewayProxyEvent } from 'aws-lambda';
import { type DeployedCaller, roleKey } from './config/callers.ts';
import { Problem } from './problem.ts';

type RequestContext = APIGatewayProxyEvent['requestContext'];

const assumedRole = /^arn:aws[a-z-]*:sts::(\d{12}):assumed-role\/([\w+=,.@-]{1,64})\/[^/]+$/;

/**
 * Who has signed the call, as API Gateway found out: `<account>:<role>`. The name of the role's session is left out,
 * since whoever assumes the role chooses it. Undefined for whoever is no role.
 */
export function callerName({ identity }: RequestContext): string | undefined {
  const [, account, name] = assumedRole.exec(identity?.userArn ?? '') ?? [];
  return account && name ? roleKey({ account, name }) : undefined;
}

/** What this caller may do. Throws `forbidden-caller`. */
export function grantOf(
  callers: ReadonlyMap<string, DeployedCaller>,
  context: RequestContext,
): DeployedCaller {
  const name = callerName(context) ?? '';
  const [account, role = ''] = name.split(':');
  const grant = callers.get(name) ?? (account === context.accountId ? callers.get(role) : undefined);
  if (!grant) throw forbidden(name);
  return grant;
}

function forbidden(name: string): Problem {
  const who = name ? `The role ${name}` : 'A caller that is no IAM role';
  return new Problem('forbidden-caller', `${who} is not granted this endpoint.`);
}
