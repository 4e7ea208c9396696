import { conclude } from '../../../../infra/cli/probe/conclude.ts';
import { type ProbeInput, probe } from '../../../../infra/cli/probe/probe.ts';
import type { Step } from '../../../../infra/cli/report.ts';
import { serverRules } from '../../../../shared/presence/address.ts';
import { groupId, visitorId } from '../../../../shared/presence/ids.ts';
import { deadlineIn } from '../../../../shared/runtime/deadline.ts';
import { json, notFound, type Script, startPresenceServer } from '../../../support/presence-server.ts';
import { jwt } from '../../../support/tokens.ts';

export const groupid = groupId.parse('12345');
export const ada = visitorId.parse('ada-4711');
export const token = jwt({ n: 1 });
export const given = (secret: string) => ({
  called: 'the token',
  put: 'put one there',
  read: async () => secret,
});

export async function all(steps: AsyncIterable<Step>): Promise<Step[]> {
  const done: Step[] = [];
  for await (const step of steps) done.push(step);
  return done;
}

type Steps = Record<string, Step | undefined>;

/** What a probe of the Presence service at this address tells, by the names of its steps. */
export async function probed(
  presence: string,
  input: Partial<ProbeInput> = {},
  secret = token,
  limitMs = 30_000,
): Promise<Steps> {
  const rules = serverRules({ presence });
  const deps = { token: given(secret), deadline: deadlineIn(limitMs) };
  const steps = await all(probe({ groupid, rules, ...input }, deps));
  return Object.fromEntries(steps.map((step) => [step.name, step]));
}

/** Everybody is absent, unless it is scripted otherwise. */
export async function probedScript(
  script: Script,
  input: Partial<ProbeInput> = {},
  limitMs?: number,
): Promise<Steps> {
  await using server = await startPresenceServer({
    '/lookupvisitor': json({}),
    '/findvisitor': notFound,
    '/query': json([]),
    ...script,
  });
  return await probed(server.address.origin, input, token, limitMs);
}

export const verdicts = (steps: Steps) =>
  Object.values(steps).map((step) => `${step?.name} ${step?.verdict}`);
export const conclusion = (steps: Steps) =>
  conclude(Object.values(steps).filter((step) => step !== undefined));
