import { UsageError } from '../command.ts';

/**
 * The group that was named, or the only one there is. What was given is not repeated where it may be anything: a token,
 * say; `instead` tells how that is to be given. Throws a UsageError.
 */
export function oneOf<Group>(
  groups: readonly [string, Group][],
  given: readonly string[],
  instead: string,
): [string, Group] {
  const configured = `relay.config.ts has ${groups.map(([id]) => id).join(', ')}`;
  const [only, ...others] = groups;
  const [id, ...more] = given;
  if (more.length > 0) throw new UsageError(`one group, please; ${instead}`);
  if (id === undefined && only && others.length === 0) return only;
  if (id === undefined) throw new UsageError(`which group? ${configured}`);
  const found = groups.find(([known]) => known === id);
  if (found) return found;
  const which = /^\d{1,19}$/.test(id) ? `group ${id}` : 'that';
  throw new UsageError(`${which} is none of the configured groups; ${configured}`);
}
