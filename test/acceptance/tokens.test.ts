import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { soakTokens } from '../soak/tokens.ts';
import { type Answer, RelayUnderTest } from '../support/relay.ts';

interface State {
  readonly deliveries: number;
  readonly requests: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

test('500 signals at once meet a token that is taken back in their middle: all arrive, each once', async () => {
  await using relay = await RelayUnderTest.open();
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

test('calls go on while tokens live for three seconds', async () => {
  await using relay = await RelayUnderTest.start(['tokenSeconds=3']);
  const lines: string[] = [];
  const ok = await soakTokens(relay, {
    seconds: 6,
    callers: 10,
    print: (line) => lines.push(line),
  });
  expect(ok, lines.join('\n')).toBe(true);
}, 60_000);

test('credentials that Glance refuses are told to callers at once, and not tried with every call', async () => {
  await using relay = await RelayUnderTest.start();
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
  const { requests } = (await relay.emulator('GET', '')) as State;
  expect(requests.Authorize).toEqual({ 200: 1, 401: 1 });
}, 60_000);
