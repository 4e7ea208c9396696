import { describe, expect, test } from 'vitest';
import { groupId, visitorId } from '../../../shared/presence/ids.ts';
import { houseWith, run } from './running.ts';
import { localStandIn, sampleVisitor, signal, standIn } from './signals/stand-in.ts';

type Relay = Awaited<ReturnType<typeof standIn>>;

async function told(relay: Relay, args: readonly string[], options: object = {}) {
  const result = await run('signals', args, { input: '', env: relay.environment, ...options });
  expect(result.stdout + result.stderr).not.toContain('tell-nobody');
  return { ...result, said: result.stdout.replaceAll(/\s+/g, ' ') };
}

const person = ['--visitor', sampleVisitor];

describe('the records of a person', () => {
  test('are told, the newest last, with what became of each', async () => {
    const relay = await standIn();
    const sent = await relay.ended('sent');
    const failed = await relay.ended('failed', { acceptedAt: sent.acceptedAt + 1_000 }, 'unavailable');
    const other = visitorId.parse('ada');
    const anothers = await relay.ended('sent', { visitorid: other });
    const { said, stdout, stderr, code } = await told(relay, person);
    expect([stderr, code]).toEqual(['', 0]);
    expect(said).toContain(
      `sent ${sent.id} signal of webhook:crm, group 12345; sent after 6 min 40 s; 1 attempt`,
    );
    expect(said).toContain('failed after 6 min 39 s: the Presence service could not be reached; 1 attempt');
    expect(stdout.indexOf(sent.id)).toBeLessThan(stdout.indexOf(failed.id));
    expect(stdout).not.toContain(anothers.id);
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(110);
  });

  test('are one line of JSON for scripts', async () => {
    const relay = await standIn();
    const { id } = await relay.ended('expired');
    const { stdout } = await told(relay, [...person, '--json']);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    const { signals } = JSON.parse(stdout);
    expect(signals).toEqual([expect.objectContaining({ id, visitorid: sampleVisitor, status: 'expired' })]);
  });

  test('are those of all groups, or of one', async () => {
    const relay = await standIn();
    const here = await relay.ended('sent');
    const there = await relay.ended('sent', { groupid: groupId.parse('777') });
    const folder = houseWith('{ 12345: {}, 777: {} }');
    const all = await told(relay, person, { folder });
    expect([all.stdout.includes(here.id), all.stdout.includes(there.id)]).toEqual([true, true]);
    const one = await told(relay, [...person, '--group', '777'], { folder });
    expect([one.stdout.includes(here.id), one.stdout.includes(there.id)]).toEqual([false, true]);
  });

  test('that are none are told so', async () => {
    const { relay, local } = await localStandIn();
    const { stdout, code } = await told(relay, [...person, ...local], { env: {} });
    expect([stdout, code]).toEqual(['There is no record of that visitor in group 12345.\n', 0]);
  });
});

describe('one signal', () => {
  test('is told with its visitor', async () => {
    const relay = await standIn();
    const { id } = await relay.ended('sent', {
      message: { mtype: 'invoke', data: { func: 'GLANCE.Cobrowse.Visitor.showTerms' } },
    });
    const { said, code } = await told(relay, [id]);
    const what = `invoke GLANCE.Cobrowse.Visitor.showTerms of webhook:crm, to ${sampleVisitor} of group 12345;`;
    expect([said.includes(what), code]).toEqual([true, 0]);
  });

  test('that nobody knows is told so, with exit code 1', async () => {
    const relay = await standIn();
    const { said, code } = await told(relay, [signal().id]);
    expect(said).toContain('There is no record of such a signal');
    const { stdout } = await told(relay, [signal().id, '--json']);
    expect([stdout, code]).toEqual(['{"signals":[]}\n', 1]);
  });
});

describe('--forget', () => {
  test('removes what has ended, leaves what has not, and tells what else there may be', async () => {
    const relay = await standIn();
    const ended = [await relay.ended('sent'), await relay.ended('failed', {}, 'unavailable')];
    const open = await relay.table.accept(signal());
    const { said, code } = await told(relay, [...person, '--forget', '--yes']);
    expect(said).toContain('2 records are gone. 1 signal has not ended; once it has, do this again.');
    expect(said).toContain('"npm run redrive" tells how many there are');
    expect(said).toContain('"aws sqs purge-queue"');
    expect(code).toBe(0);
    for (const { id } of ended) expect(await relay.table.read(id)).toBeUndefined();
    expect(await relay.table.read(open.id)).toMatchObject({ status: 'accepted' });
  });

  test('leaves all others their records', async () => {
    const relay = await standIn();
    const other = await relay.ended('sent', { visitorid: visitorId.parse('grace') });
    await relay.ended('sent');
    const { stdout } = await told(relay, [...person, '--forget', '--yes', '--json']);
    expect(JSON.parse(stdout)).toEqual({ forgotten: 1, open: 0 });
    expect(await relay.table.read(other.id)).toMatchObject({ status: 'sent' });
  });

  test('removes nothing where there is nobody to ask', async () => {
    const relay = await standIn();
    const { id } = await relay.ended('sent');
    const { stderr, code } = await told(relay, [...person, '--forget']);
    expect([stderr, code]).toEqual(['--forget wants --yes where there is nobody to ask\n', 2]);
    expect(await relay.table.read(id)).toBeDefined();
  });
});

test('a table that is not to be had is told in one line', async () => {
  const relay = await standIn();
  const env = { ...relay.environment, RELAY_STAGE: 'test' };
  const { stdout, stderr, code } = await told(relay, person, { env });
  expect([stdout, code]).toEqual(['', 1]);
  expect(stderr).toMatch(/^table presence-relay-test-signals does not exist in us-east-1; deploy .*\n$/);
});

test('a local run that is not up is told how to bring it up', async () => {
  const { stderr, code } = await run('signals', [...person, '--local', '--port', '9'], { input: '' });
  expect([stderr.includes('npm start'), stderr.trimEnd().split('\n').length, code]).toEqual([true, 1, 1]);
});

test.for([
  [[], 'which? The id of a signal, or --visitor <id>'],
  [['short'], 'the id of a signal is 16 to 64 characters'],
  [[signal().id, signal().id], 'one signal, please'],
  [[signal().id, ...person], 'a signal, or --visitor; not both'],
  [[signal().id, '--forget'], '--group and --forget go with --visitor'],
  [[...person, '--yes'], '--yes goes with --forget'],
  [[...person, '--group', '777'], 'group 777 is none of the configured groups'],
  [['--visitor', 'a b'], '--visitor is 1 to 100 characters'],
  [[...person, '--port', '4800'], '--port goes with --local'],
] as const)('called wrongly, %j, it says how, with exit code 2', async ([args, line]) => {
  const { stdout, stderr, code } = await run('signals', args, { input: '' });
  expect([stdout, code]).toEqual(['', 2]);
  expect(stderr).toContain(line);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
});

test('--help tells every option, the rights, and how it ends', async () => {
  const { stdout, code } = await run('signals', ['--help'], { input: '' });
  expect(code).toBe(0);
  for (const word of [
    ...['--visitor', '--group', '--forget', '--yes', '--local', '--port', '--json', 'RELAY_STAGE'],
    ...['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:DeleteItem', 'index/visitor', 'Exit code 0'],
  ]) {
    expect(stdout).toContain(word);
  }
  expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120);
});
