import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signalvisitor } from '../../shared/api/endpoints.ts';
import { houseOf, run } from '../infra/cli/running.ts';
import { awsOfEnvironment } from '../support/aws.ts';
import { RelayUnderTest } from '../support/relay.ts';

let relay: RelayUnderTest;
beforeAll(async () => {
  relay = await RelayUnderTest.open();
});
afterAll(() => relay[Symbol.asyncDispose]());

/** What a command prints, on one line, for somebody without a terminal; it has to end well. */
async function says(program: string, args: readonly string[], folder?: string): Promise<string> {
  const { stdout, stderr, code } = await run(program, args, {
    env: awsOfEnvironment(),
    input: '',
    ...(folder !== undefined && { folder }),
  });
  expect([code, stderr], stdout).toEqual([0, '']);
  return stdout.replaceAll(/\s+/g, ' ');
}

test('probe finds the Presence service well, with the token that the relay has', async () => {
  const { groupid, presence } = relay.addresses;
  const folder = houseOf(`export default { groups: { ${groupid}: { presence: '${presence}' } } };`);
  await using _ = await relay.visitor(randomUUID());
  const said = await says('probe', [String(groupid)], folder);
  expect(said).toMatch(/ok token .*ok query .*ok direct-server /);
  expect(said).toContain('All is well.');
});

test('credentials --again has a new token got', async () => {
  const said = await says('credentials', [String(relay.addresses.groupid), '--again']);
  expect(said).toMatch(/ok token /);
});

test('signals tells what became of one, and of those of a visitor', async () => {
  const id = randomUUID();
  await using visitor = await relay.visitor(id);
  const headers = { 'content-type': 'application/json', TTL: '60' };
  const target = `signalvisitor?${new URLSearchParams(relay.of(id))}`;
  const body = '{"mtype":"signal","data":1}';
  const answer = await relay.request(target, { method: 'POST', headers, body });
  const { id: signal } = signalvisitor.answers[202].schema.parse(answer.json);
  await visitor.next(20_000);
  await expect.poll(() => says('signals', [signal]), { timeout: 20_000 }).toContain(` sent ${signal}`);
  expect(await says('signals', ['--visitor', id])).toContain(signal);
});

test('snapshot takes one, history shows it, forget removes a person from it', async () => {
  const id = randomUUID();
  const group = String(relay.addresses.groupid);
  await using visitor = await relay.visitor(id, { url: `https://shop.example/${id}` });
  expect(await says('snapshot', [group, '--deployed'])).toMatch(/Snapshot of group \d+, .* object s3:\/\//);
  const history = await says('history', [group, '--deployed', '--last', '90m', '--all', '--top', '1000']);
  expect(history).toMatch(/Visitors of group \d+, .* newest .* snapshots/);
  expect(history).toContain(`shop.example/${id}`);
  expect(await says('forget', [id, '--dry-run'])).toMatch(/the person is in \d+ of them, with \d+ line/);
  await visitor.close();
  expect(await says('forget', [id, '--yes'])).toMatch(/\d+ lines? (is|are) gone\. /);
  // A schedule may have met the person meanwhile, who is held for present a little longer.
  const again = async () => {
    await says('forget', [id, '--yes']);
    return await says('forget', [id, '--dry-run']);
  };
  await expect.poll(again, { timeout: 30_000 }).toContain('the person is in none of them');
});

test('redrive tells that all is well', async () => {
  expect(await says('redrive', ['--source', 'nobody'])).toContain('0 dead letters in presence-relay-');
});
