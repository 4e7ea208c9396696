import type { APIGatewayProxyEvent } from 'aws-lambda';
import { type GroupId, isStrictVisitorId, type VisitorId } from '../presence/ids.ts';
import { type Caller, grantOf } from './caller.ts';
import type { DeployedGroup } from './config/groups.ts';
import { type Endpoint, methodsAt } from './endpoints.ts';
import { inQuery, invalidRequest } from './faults.ts';
import { Problem } from './problem.ts';
import type { Relay } from './relay.ts';
import { type Parsed, parseRequest } from './request.ts';
import { unknownMethod, unknownPath } from './unknown.ts';

/** A request that may be served: of a caller who is granted this endpoint and that group, and well formed. */
export interface Accepted<E extends Endpoint> extends Parsed<E> {
  readonly caller: Caller;
}

/** Throws `Problem`. */
export function accept<E extends Endpoint>(
  endpoint: E,
  event: APIGatewayProxyEvent,
  { groups, callers }: Pick<Relay, 'groups' | 'callers'>,
): Accepted<E> {
  requireOwn(endpoint, event);
  const caller = grantOf(callers, event.requestContext);
  const parsed = parseRequest(endpoint, event);
  // Of `E` the compiler knows only that it is one of the table, and there such parameters are these.
  const { groupid, visitorid } = parsed.query as { groupid?: GroupId; visitorid?: VisitorId };
  if (groupid !== undefined) requireGroup(groupid, visitorid, groups.get(groupid), caller);
  return { ...parsed, caller };
}

function requireGroup(
  groupid: GroupId,
  visitorid: VisitorId | undefined,
  group: DeployedGroup | undefined,
  caller: Caller,
): void {
  if (!group) throw new Problem('forbidden-group', 'This relay does not serve that group.');
  if (!caller.groups.includes(groupid))
    throw new Problem('forbidden-caller', 'The caller is not granted that group.');
  if (group.visitorids === 'strict' && visitorid && !isStrictVisitorId(visitorid)) {
    const detail = 'must be 1 to 50 characters of A-Z, a-z, 0-9, "_", "-"';
    throw invalidRequest([inQuery({ path: ['visitorid'], detail })]);
  }
}

/**
 * API Gateway says of a path or method that it does not know only that the signature is missing, so it sends such
 * calls here to be told what is wrong.
 */
function requireOwn({ path, method }: Endpoint, { resource, httpMethod }: APIGatewayProxyEvent): void {
  if (resource !== path) throw unknownPath();
  if (httpMethod !== method) throw unknownMethod(methodsAt(path));
}
