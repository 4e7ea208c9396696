import type { APIGatewayProxyEvent } from 'aws-lambda';
import { type GroupId, isStrictVisitorId, type VisitorId } from '../presence/ids.ts';
import { grantOf } from './caller.ts';
import type { DeployedCaller } from './config/callers.ts';
import type { Endpoint } from './endpoints.ts';
import { inQuery, invalidRequest } from './faults.ts';
import { Problem } from './problem.ts';
import type { Relay } from './relay.ts';
import { type BodyOf, parseRequest, type QueryOf } from './request.ts';
import { unknownMethod, unknownPath } from './unknown.ts';

/** A request that may be served: of a caller who is granted this endpoint and that group, and well formed. */
export interface Accepted<E extends Endpoint> {
  readonly query: QueryOf<E>;
  readonly body: BodyOf<E>;
  readonly caller: DeployedCaller;
}

/** Throws `Problem`. */
export function accept<E extends Endpoint>(
  endpoint: E,
  event: APIGatewayProxyEvent,
  { groups, callers }: Pick<Relay, 'groups' | 'callers'>,
): Accepted<E> {
  requireOwn(endpoint, event);
  const caller = grantOf(callers, event.requestContext);
  const { query, body } = parseRequest(endpoint, event);
  // Every query of the table has these; of `E` the compiler knows only that it is one of the table.
  const { groupid, visitorid } = query as { groupid: GroupId; visitorid?: VisitorId };
  const group = groups.get(groupid);
  if (!group) throw new Problem('forbidden-group', 'This relay does not serve that group.');
  if (!caller.groups.includes(groupid))
    throw new Problem('forbidden-caller', 'The caller is not granted that group.');
  if (group.visitorids === 'strict' && visitorid && !isStrictVisitorId(visitorid)) {
    const detail = 'must be 1 to 50 characters of A-Z, a-z, 0-9, "_", "-"';
    throw invalidRequest([inQuery({ path: ['visitorid'], detail })]);
  }
  return { query, body, caller };
}

/**
 * API Gateway says of a path or method that it does not know only that the signature is missing, so it sends such
 * calls here to be told what is wrong.
 */
function requireOwn({ path, method }: Endpoint, { resource, httpMethod }: APIGatewayProxyEvent): void {
  if (resource !== path) throw unknownPath();
  if (httpMethod !== method) throw unknownMethod(method);
}
