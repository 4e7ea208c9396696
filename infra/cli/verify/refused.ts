import { endpoints } from '../../../shared/api/endpoints.ts';
import { type Finding, finding } from '../report.ts';
import type { SignedRequest } from '../signed-fetch.ts';
import { signedFetch } from '../signed-fetch.ts';
import { type Answer, call, wordsOf } from './call.ts';
import type { Caller } from './caller.ts';
import type { DeployedRelay } from './relay.ts';
import type { Surroundings } from './step.ts';

type Fetching = ReturnType<typeof signedFetch>;

/** A call of each kind, which would do nothing if it were let in: it is about a visitor who cannot be there. */
function callsOf({ groups: [group] }: DeployedRelay): { method: string; target: string; name: string }[] {
  const nobody = `groupid=${group?.groupid ?? 1}&visitorid=presence-relay-verify`;
  const known = endpoints.map(({ method, path }) => {
    const target = path.startsWith('/signals/') ? '/signals/presence-relay-verify' : `${path}?${nobody}`;
    return { method, target, name: `${method} ${path}` };
  });
  return [...known, { method: 'GET', target: '/presence-relay-verify', name: 'GET of an unknown path' }];
}

/** Nobody may call without a signature, whatever is called. */
export async function unsigned(relay: DeployedRelay, { signal }: Surroundings): Promise<Finding> {
  const found: [string, Answer][] = [];
  for (const { method, target, name } of callsOf(relay))
    found.push([name, await call(plain, relay.address + target, { method, signal })]);
  const letIn = found.filter(([, answer]) => !isRefused(answer));
  const listed = (some: typeof found) =>
    some.map(([name, answer]) => `${name}: ${wordsOf(answer)}`).join(', ');
  if (letIn.length > 0) return finding('fail', `not refused without a signature: ${listed(letIn)}`, open);
  const otherwise = found.filter(([, answer]) => !isUnauthenticated(answer));
  if (otherwise.length > 0)
    return finding('warn', `refused, but not in the words of the contract: ${listed(otherwise)}`, words);
  return finding(
    'ok',
    `${found.length} calls without a signature, one of each kind: all refused, ${wordsOf401}`,
  );
}

/** As `fetch` is, and signs nothing. */
const plain: Fetching = (address, { method = 'GET', headers = {}, body, signal }: SignedRequest = {}) =>
  fetch(address, { method, headers, body: body ?? null, redirect: 'error', signal: signal ?? null });

const wordsOf401 = '401 unauthenticated';
const open =
  'anybody may call that. Was the API changed by hand, or is something else at that address? Deploy again; until then, "Kill switch" in docs/runbook.md tells how to close it';
const asRole = 'whether it is refused for the signature, a role that may call tells: --role';
const words = 'was the API changed by hand? Deploy again';

/** By somebody who knows the id of a key, and not the key: the signature is one, but does not fit. */
export function forged(relay: DeployedRelay, caller: Caller, surroundings: Surroundings): Promise<Finding> {
  const { region } = relay;
  const credentials = async () => {
    const real = await credentialsOf(caller);
    return { ...real, secretAccessKey: `${real.secretAccessKey}x` };
  };
  const fetching = signedFetch({ credentials, region, service: 'execute-api' });
  return refusal(relay, fetching, 'a signature by a wrong key', surroundings);
}

/** AWS takes a signature for five minutes. */
const staleMs = 20 * 60_000;

/** A call that somebody has recorded, and sends again later. */
export function stale(relay: DeployedRelay, caller: Caller, surroundings: Surroundings): Promise<Finding> {
  const { credentials } = caller;
  const now = () => Date.now() - staleMs;
  const fetching = signedFetch({ credentials, region: relay.region, service: 'execute-api', now });
  return refusal(relay, fetching, 'a signature that is 20 minutes old', surroundings);
}

async function refusal(
  relay: DeployedRelay,
  fetching: Fetching,
  what: string,
  { signal }: Surroundings,
): Promise<Finding> {
  const [first] = callsOf(relay);
  const answer = await call(fetching, `${relay.address}${first?.target ?? '/'}`, { signal });
  if (!isRefused(answer)) return finding('fail', `${what} was not refused: ${wordsOf(answer)}`, open);
  if (answer.code === 'forbidden-caller')
    return finding(
      'warn',
      `${what} is refused as a call of somebody who may not call: ${wordsOf(answer)}`,
      asRole,
    );
  if (!isUnauthenticated(answer))
    return finding(
      'warn',
      `${what} is refused, but not in the words of the contract: ${wordsOf(answer)}`,
      words,
    );
  return finding('ok', `${what} is refused: ${wordsOf401}`);
}

/** In whatever words: none of these calls could get such an answer if it were let in by somebody who may call. */
function isRefused({ status }: Answer): boolean {
  return status === 400 || status === 401 || status === 403;
}

function isUnauthenticated({ status, isProblem, code }: Answer): boolean {
  return status === 401 && isProblem && code === 'unauthenticated';
}

function credentialsOf({ credentials }: Caller) {
  return typeof credentials === 'function' ? credentials() : Promise.resolve(credentials);
}
