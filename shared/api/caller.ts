import type { APIGatewayProxyEvent } from 'aws-lambda';
import { type DeployedCaller, type Role, roleKey } from './config/callers.ts';
import { Problem } from './problem.ts';

type RequestContext = APIGatewayProxyEvent['requestContext'];

const assumedRole = /^arn:aws[a-z-]*:sts::(\d{12}):assumed-role\/([\w+=,.@-]{1,64})\/[^/]+$/;

/**
 * The role that has signed the call, as API Gateway found out. The name of its session is left out, since whoever
 * assumes the role chooses it. Undefined for whoever is no role.
 */
function callerOf({ identity }: RequestContext): Role | undefined {
  const [, account, name] = assumedRole.exec(identity?.userArn ?? '') ?? [];
  return account && name ? { account, name } : undefined;
}

/** A role that may call, and what it may do. */
export interface Caller extends DeployedCaller {
  /** `<account>:<role>`, however the configuration names it. */
  readonly name: string;
}

/** For the log: `<account>:<role>`. */
export function callerName(context: RequestContext): string | undefined {
  const role = callerOf(context);
  return role && roleKey(role);
}

/** What this caller may do. Throws `forbidden-caller`. */
export function grantOf(callers: ReadonlyMap<string, DeployedCaller>, context: RequestContext): Caller {
  const role = callerOf(context);
  if (!role) throw forbidden('A caller that is no IAM role');
  const own = role.account === context.accountId ? callers.get(role.name) : undefined;
  const grant = callers.get(roleKey(role)) ?? own;
  if (!grant) throw forbidden(`The role ${roleKey(role)}`);
  return { ...grant, name: roleKey(role) };
}

function forbidden(who: string): Problem {
  return new Problem('forbidden-caller', `${who} is not granted this endpoint.`);
}
