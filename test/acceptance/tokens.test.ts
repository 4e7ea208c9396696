import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { soakTokens } from '../soak/tokens.ts';
import { type Answer, RelayUnderTest } from '../support/relay.ts';

interface State {
  readonly deliveries: number;
  readonly requests: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Whoever comes afterwards finds the service as at its start, and a token that is good. */
function asItWas(relay: RelayUnderTest): AsyncDisposable {
  const restore = async () => {
    await relay.emulator('POST', '/reset', {});
    await relay.renewToken();
  };
  return { [Symbol.asyncDispose]: restore };
}

test('500 signals at once meet a token that is taken back in their middle: all arrive, each once', async () => {
  await using relay = await RelayUnderTest.open();
  await relay.emulator('POST', '/reset', {});
  const { groupid } = relay.addresses;
  const ids = Array.from({ length: 500 }, (_, index) => `crowd-${index}`);
  await relay.emulator('POST', '/visitors', { count: ids.length, groupid });
  const before = (await relay.emulator('GET', '')) as State;

  let answered = 0;
  const { promise: inTheMiddle, resolve } = Promise.withResolvers<void>();
  const signals = ids.map(async (id) => {
    const answer = await relay.signal(id, 'hello');
    answered += 1;
    if (answered === 100) resolve();
    return answer;
  });
  await inTheMiddle;
  await relay.emulator('POST', '/revocations', { all: true });
  const answers = await Promise.all(signals);

  expect(answers.filter(({ status }) => status !== 200).map(({ json }) => json)).toEqual([]);
  const { counts } = (await relay.emulator('GET', '/deliveries')) as { counts: Record<string, number> };
  expect(ids.map((id) => counts[`${groupid}/${id}`])).toEqual(ids.map(() => 1));
  const after = (await relay.emulator('GET', '')) as State;
  const refused = (endpoint: string) => after.requests[endpoint]?.['401'] ?? 0;
  expect(refused('findvisitor') + refused('signalvisitor'), 'met the old token').toBeGreaterThan(0);
  const asked = (state: State) => state.requests.Authorize?.['200'] ?? 0;
  expect(asked(after) - asked(before), 'requests for a new token').toBe(1);
}, 60_000);

test('calls go on while tokens live for four seconds', async () => {
  await using relay = await RelayUnderTest.open();
  await using _ = asItWas(relay);
  await relay.emulator('PATCH', '/switches', { tokenSeconds: 4 });
  await relay.renewToken();
  const lines: string[] = [];
  const ok = await soakTokens(relay, {
    seconds: 10,
    callers: 10,
    print: (line) => lines.push(line),
  });
  expect(ok, lines.join('\n')).toBe(true);
}, 60_000);

test('credentials that Glance refuses are told to callers at once, and not tried with every call', async () => {
  await using relay = await RelayUnderTest.open();
  const { Authorize: before = {} } = ((await relay.emulator('GET', '')) as State).requests;
  await using _ = asItWas(relay);
  await relay.emulator('PATCH', '/accounts', { apikey: 'another' });
  await relay.emulator('POST', '/revocations', { all: true });

  const answers: Answer[] = [];
  for (let call = 0; call < 10; call++) {
    answers.push(await relay.call('lookupvisitor', relay.of('ada')));
    await sleep(100);
  }

  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 502));
  expect(answers.map(({ json }) => json)).toEqual(
    answers.map(() => expect.objectContaining({ code: 'upstream-authorization' })),
  );
  const { Authorize: after = {} } = ((await relay.emulator('GET', '')) as State).requests;
  expect(after).toEqual({ ...before, 401: (before[401] ?? 0) + 1 });
}, 60_000);
