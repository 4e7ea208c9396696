import { randomBytes } from 'node:crypto';
import type { ServerRules } from '../../../shared/presence/address.ts';
import { type GroupId, type VisitorId, visitorId } from '../../../shared/presence/ids.ts';
import type { Token } from '../../../shared/presence/token.ts';
import { Transport } from '../../../shared/presence/transport.ts';
import { type Clock, systemClock } from '../../../shared/runtime/clock.ts';
import { type Deadline, deadlineIn } from '../../../shared/runtime/deadline.ts';
import { type Finding, finding, type Step } from '../report.ts';
import { Asker } from './asker.ts';
import { queryGroup } from './query.ts';
import { judgeServers, type Sighting } from './servers.ts';
import { lookAtToken, type TokenText } from './token.ts';
import { find, findNobody, lookUp, lookUpNobody, type Subject } from './visitor.ts';

export interface ProbeInput {
  readonly groupid: GroupId;
  readonly rules: ServerRules;
  /** The group takes visitor ids of the strict form alone. */
  readonly strict?: boolean;
  /** Somebody who is present; without it, one of those whom `/query` shows. */
  readonly visitor?: VisitorId | undefined;
}

export interface ProbeDeps {
  readonly token: TokenText;
  readonly transport?: Transport;
  readonly clock?: Clock;
  /** Of all steps together. */
  readonly deadline?: Deadline;
}

const limitMs = 30_000;

/**
 * Asks the Presence service of a group what it answers, with questions that change nothing, and gives each step as it
 * is done. It sends no signal, and nothing at all to a direct server.
 */
export async function* probe(input: ProbeInput, deps: ProbeDeps): AsyncGenerator<Step, void> {
  const { clock = systemClock } = deps;
  const { deadline = deadlineIn(limitMs, clock) } = deps;
  yield { name: 'configuration', ...configuration(input.rules) };
  const { token, found } = await lookAtToken(deps.token, clock.now());
  yield { name: 'token', ...found };
  if (!token) {
    for (const name of questions) yield { name, ...finding('skipped', 'there is no token to ask with') };
    return;
  }
  await using opened = new AsyncDisposableStack();
  const transport = deps.transport ?? opened.adopt(new Transport(), (it) => it.close());
  const server = input.rules.presence;
  yield* inquire(input, new Asker({ server, token: token.value, transport, deadline, clock }), token);
}

const questions = [
  'lookup-absent',
  'find-absent',
  'query',
  'lookup-present',
  'find-present',
  'direct-server',
] as const;

function configuration({ presence, directServers }: ServerRules): Finding {
  const others = directServers.length > 0 ? directServers.join(', ') : 'no others';
  return finding('ok', `the token of the group may go to ${presence.origin}, and to ${others}`);
}

async function* inquire(
  { groupid, rules, strict = false, visitor }: ProbeInput,
  asker: Asker,
  token: Token,
): AsyncGenerator<Step, void> {
  const unspeakable = new Set([token.value]);
  const sightings: Sighting[] = [];
  const step = (name: (typeof questions)[number], found: Finding): Step => ({ name, ...found });
  const subject = (visitorid: VisitorId): Subject => ({
    groupid,
    visitorid,
    unspeakable: unspeakable.add(visitorid),
  });

  const nobody = subject(visitorId.parse(`probe-${randomBytes(8).toString('hex')}`));
  yield step('lookup-absent', await lookUpNobody(asker, nobody));
  yield step('find-absent', await findNobody(asker, nobody));

  let somebody = visitor && subject(visitor);
  const query = await queryGroup(asker, { groupid, strict }, (seen) => {
    for (const id of seen.ids) unspeakable.add(id);
    sightings.push(...seen.servers.map((server) => ({ server, by: 'query' as const })));
    somebody ??= seen.somebody && subject(seen.somebody);
  });
  yield step('query', query);

  const unknown = nobodyKnown(query);
  yield step('lookup-present', somebody ? await lookUp(asker, somebody) : unknown);
  const found = somebody
    ? await find(asker, somebody, rules.presence, (server) => sightings.push({ server, by: 'findvisitor' }))
    : unknown;
  yield step('find-present', found);
  yield step('direct-server', judgeServers(sightings, rules, groupid, unspeakable));
}

function nobodyKnown(query: Finding): Finding {
  const hint = 'to see the rest, open a page of the site and name its visitor: --visitor <id>';
  return finding(
    'skipped',
    'no visitor is known who is present',
    query.verdict === 'skipped' ? undefined : hint,
  );
}
