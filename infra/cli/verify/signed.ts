import { randomBytes } from 'node:crypto';
import { npmRun } from '../../names.ts';
import { type Finding, finding } from '../report.ts';
import { signedFetch } from '../signed-fetch.ts';
import { type Answer, call, wordsOf } from './call.ts';
import type { Caller } from './caller.ts';
import type { DeployedRelay } from './relay.ts';
import type { Surroundings } from './step.ts';

/** Whoever calls looks up a visitor who cannot exist. A caller may be granted some of the groups alone. */
export async function signed(
  relay: DeployedRelay,
  caller: Caller,
  { signal }: Surroundings,
): Promise<Finding> {
  const fetching = signedFetch({
    credentials: caller.credentials,
    region: relay.region,
    service: 'execute-api',
  });
  const refused: Answer[] = [];
  for (const { groupid } of relay.groups) {
    const nobody = `verify-${randomBytes(8).toString('hex')}`;
    const answer = await call(
      fetching,
      `${relay.address}/lookupvisitor?groupid=${groupid}&visitorid=${nobody}`,
      { signal },
    );
    if (answer.status !== 403) return judge(answer, groupid, relay);
    refused.push(answer);
  }
  return notLetIn(refused, relay, caller);
}

function judge(answer: Answer, groupid: string, { stage }: DeployedRelay): Finding {
  const { status, text, code } = answer;
  const asked = `a signed look-up of a visitor of group ${groupid} who cannot exist`;
  if (status === 200 && isNothing(text)) return finding('ok', `${asked} is answered: 200 {}`);
  if (status === 200)
    return finding('fail', `${asked} is answered with something`, 'what is at that address?');
  const hints: Readonly<Record<string, string>> = {
    unauthenticated:
      'is the clock of this machine right? AWS takes signatures that are five minutes off at most',
    'upstream-authorization': `has the group a token? ${npmRun(stage, `credentials -- ${groupid} --again`)} tells`,
    'upstream-unavailable': `has the group a token? ${npmRun(stage, `credentials -- ${groupid} --again`)} tells; else, is the Presence service up? ${npmRun(stage, `probe -- ${groupid}`)}`,
  };
  const hint =
    hints[code ?? ''] ??
    `${npmRun(stage, `probe -- ${groupid}`)} tells whether all is well with Glance; else see docs/runbook.md`;
  return finding('fail', `${asked} is answered ${wordsOf(answer)}`, hint);
}

function isNothing(text: string): boolean {
  return /^\s*\{\s*\}\s*$/.test(text);
}

/** Credentials that may not call are not a fault of the relay: it has refused them as it shall. */
function notLetIn([first]: readonly Answer[], { role }: DeployedRelay, caller: Caller): Finding {
  const who = caller.role ?? 'no IAM role';
  const says = `these credentials may not call: they are of ${who}, and every group is refused${first ? `, ${wordsOf(first)}` : ''}`;
  const granted =
    role === undefined ? 'the stack names no role that may' : `${role} is one that may: --role ${role}`;
  return finding(
    'warn',
    says,
    `"callers" in relay.config.ts tells which roles may call which endpoints; ${granted}`,
  );
}
