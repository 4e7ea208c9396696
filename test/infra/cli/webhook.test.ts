import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { portCount } from '../../../infra/local/ports.ts';
import { type LocalStack, startLocalStack } from '../../../infra/local/stack.ts';
import { loadRelayConfig } from '../../../infra/relay-config.ts';
import { defineRelay } from '../../../shared/api/config/relay.ts';
import { freePorts } from '../../support/ports.ts';
import { connectVisitor } from '../../support/visitor.ts';
import { houseOf, run } from './running.ts';

/** What it prints, and on one line. */
async function told(args: readonly string[], options: object = {}) {
  const result = await run('webhook', args, { input: '', ...options });
  return { ...result, said: result.stdout.replaceAll(/\s+/g, ' ') };
}

describe('with a local run', () => {
  let port: string;
  let stack: LocalStack;

  beforeAll(async () => {
    const first = await freePorts(portCount);
    port = String(first);
    stack = await startLocalStack({
      config: await loadRelayConfig(),
      samples: true,
      port: first,
      log: () => {},
    });
  });
  afterAll(() => stack.close());

  async function visitor(visitorid: string) {
    const connected = await connectVisitor({ presenceUrl: stack.presence, groupid: 12345, visitorid });
    onTestFinished(() => connected[Symbol.asyncDispose]());
    return connected;
  }

  const sending = (args: readonly string[]) => told([...args, '--port', port]);

  test('a webhook reaches its visitor, and every step is told', async () => {
    const ada = await visitor('ada');
    const { stdout, said, stderr, code } = await sending(['hubspot']);
    expect([stderr, code]).toEqual(['', 0]);
    expect(said).toContain('ok sample test/samples/hubspot.json, for visitor ada');
    expect(said).toMatch(/ok answer 202 after \d+ ms/);
    expect(said).toMatch(/ok signal [0-9a-f]{32} to ada: sent after \d\.\d s/);
    expect(stdout).toMatch(/\n\nAll is well\.\n$/);
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(110);
    expect(await ada.next()).toMatchObject({ data: { from: 'hubspot' } });
  });

  test('another sample, for another visitor: each of its events makes a signal', async () => {
    const grace = await visitor('grace');
    const { said, code } = await sending(['segment', 'segment-batch', '--visitor', 'grace']);
    expect(said.match(/to grace: sent/g)).toHaveLength(2);
    expect([await grace.next(), await grace.next(), code]).toHaveLength(3);
  });

  test('a signal for somebody who is not there waits, and how it is received is told', async () => {
    const { said, code } = await sending(['zendesk', '--visitor', 'nobody']);
    expect(said).toContain('to nobody: waits for its visitor until ');
    expect(said).toContain(`→ to receive it, open ${stack.site}/?visitorid=nobody`);
    expect(code).toBe(0);
  });

  test('an event reaches its visitor by the event bus', async () => {
    const { said, code } = await sending(['salesforce-event-relay', '--visitor', 'bus']);
    expect(said).toContain('ok answer put on the event bus after');
    expect([said.includes('to bus: waits for its visitor'), code]).toEqual([true, 0]);
  });

  test.for(['hubspot', 'basic-auth', 'body-token'])(
    'a %s webhook that was forged is refused',
    async (source) => {
      const { said, code } = await sending([source, '--forge']);
      expect(said).toMatch(/ok answer 401 after \d+ ms: it was changed, and refused/);
      expect([said.includes(' signal '), code]).toEqual([false, 0]);
    },
  );

  test('the same one again is the same signal', async () => {
    const once = await sending(['stripe', '--same', '--visitor', 'same']);
    const twice = await sending(['stripe', '--same', '--visitor', 'same']);
    expect(once.said).toContain('to same: waits for its visitor');
    expect(twice.said).toContain('to same: the same signal as before, and not sent twice; waits');
    const several = await sending(['github', '--same', '--times', '3', '--visitor', 'same']);
    expect(several.said).toContain('signals 1 × waiting');
    expect(several.said).toContain('signals 2 × the same signal as before, and not sent twice');
  });

  test('many of them are summed up; a person gets but so many a minute', async () => {
    await visitor('busy');
    const { said, code } = await sending(['github', '--times', '62', '--visitor', 'busy']);
    expect(said).toMatch(/ok answer 62 × 202 after \d+ to \d+ ms, half of them within \d+ ms/);
    expect(said).toContain('ok signals 60 × sent');
    expect(said).toContain('WARN signals 2 × failed (rate-limited)');
    expect([said.endsWith('It was taken; but see signals. '), code]).toEqual([true, 0]);
  });

  test('it is one line of JSON for scripts', async () => {
    const { stdout, stderr } = await sending(['slack', '--json']);
    expect([stderr, stdout.trimEnd().split('\n').length]).toEqual(['', 1]);
    expect(JSON.parse(stdout)).toMatchObject({
      source: 'slack',
      ok: true,
      steps: [{ name: 'sample' }, { name: 'answer' }, { name: 'signal', verdict: 'ok' }],
    });
  });

  test('a file of one’s own is sent; one that is no webhook of the source is told as its dead letter', async () => {
    const file = path.join(houseOf(''), 'mine.json');
    writeFileSync(file, '{"visitor_id":"{{visitor}}","id":"{{id}}"}');
    const { said, code } = await sending(['hmac', file, '--visitor', 'mine']);
    expect([said.includes('to mine: waits'), code]).toEqual([true, 0]);
    const wrong = await sending(['pipedrive', file]);
    expect(wrong.said).toContain('ok answer 200 after');
    expect(wrong.said).toContain('FAIL dead letter unreadable: meta: is missing');
    expect([wrong.said.endsWith('Not well: dead letter. '), wrong.code]).toEqual([true, 1]);
  });
});

describe('with sources of one’s own', () => {
  let folder: string;
  let port: number;
  const config = `
import { headerSecret } from './shared/webhooks/header-secret.ts';
const crm = (signal: object) => headerSecret({ group: 12345, header: 'x-key', ...signal } as never);
const message = { mtype: 'signal', data: 1 };
export default {
  groups: { 12345: {} },
  webhooks: {
    throws: crm({ signal: ({ body }: any) => body.no.such }),
    nobody: crm({ signal: ({ body }: any) => ({ visitorid: body.no_such, message }) }),
    none: crm({ signal: () => null }),
    now: crm({ signal: ({ body }: any) => ({ visitorid: body.visitor_id, message }) }),
    off: crm({ enabled: false, signal: () => null }),
  },
};
`;

  async function started() {
    folder = houseOf(config);
    port = await freePorts(portCount);
    const configFile = path.join(folder, 'relay.config.ts');
    const { default: own } = await import(pathToFileURL(configFile).href);
    const stack = await startLocalStack({ config: defineRelay(own), configFile, port, log: () => {} });
    onTestFinished(() => stack.close());
    return stack;
  }

  test('what a mapping did wrong, or did not do, is told', async () => {
    await started();
    const file = path.join(folder, 'sample.json');
    writeFileSync(file, '{"visitor_id":"{{visitor}}","id":"{{id}}"}');
    const of = async (source: string) => {
      const { said, code } = await told([source, file, '--port', String(port)], { folder });
      return [said, code] as const;
    };
    const [threw, threwCode] = await of('throws');
    expect(threw).toMatch(/FAIL dead letter mapping-threw: TypeError: .* → mend "signal" of the source/);
    expect(threwCode).toBe(1);
    expect(await of('nobody')).toEqual([
      expect.stringContaining('WARN signal none: "signal" of the source finds no visitor id in it'),
      0,
    ]);
    expect(await of('none')).toEqual([
      expect.stringContaining('WARN signal none: "signal" of the source makes none of it'),
      0,
    ]);
    const [absent] = await of('now');
    expect(absent).toMatch(/WARN signal \w+ to ada: expired after [\d.]+ s: the visitor was not on the site/);
    expect(absent).toContain('or give the signal a "ttl"');
    const [off, offCode] = await of('off');
    expect([offCode, off.includes('FAIL answer 503'), off.includes('"enabled: false"')]).toEqual([
      1,
      true,
      true,
    ]);
  });

  test('an event that was kept reaches its visitor once its mapping is mended', async () => {
    const { presence } = await started();
    const local = ['--local', '--port', String(port)];
    await using ada = await connectVisitor({ presenceUrl: presence, groupid: 12345, visitorid: 'ada' });
    const file = path.join(folder, 'sample.json');
    writeFileSync(file, '{"visitor_id":"ada","id":"1"}');
    await told(['throws', file, '--port', String(port)], { folder });
    const mended = config.replace('body.no.such', '({ visitorid: body.visitor_id, message })');
    writeFileSync(path.join(folder, 'relay.config.ts'), mended);
    const { stdout, code } = await run('redrive', ['--go', ...local], { input: '', folder });
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'went back to the queue of signals, with 1 to be delivered',
    );
    expect([await ada.next(), code]).toEqual([{ mtype: 'signal', data: 1 }, 0]);
  });
});

describe('the list', () => {
  const config = `
import { headerSecret } from './shared/webhooks/header-secret.ts';
import { hubspot } from './shared/webhooks/hubspot.ts';
const signal = () => null;
export default {
  groups: { 12345: {}, 777: {} },
  publicUrl: 'https://relay.shop.example',
  webhooks: {
    marketing: hubspot({ group: 12345, signal }),
    'help-desk': headerSecret({ group: [12345, 777], header: 'x-key', enabled: false, signal }),
  },
};
`;

  test('tells what whoever sets up a source has to know', async () => {
    const { stdout, stderr, code } = await told(['--list'], { folder: houseOf(config) });
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout).toBe(`marketing: hubspot, group 12345
  address           https://relay.shop.example/webhooks/marketing
  authentication    HubSpot's request signature, v3
  replay            a captured request is of no use later
  largest body      1024 KiB
  secret            presence-relay/prod/webhooks/marketing
    "keys"          the client secret of the HubSpot app

help-desk: header-secret, groups 12345, 777, SWITCHED OFF
  address           https://relay.shop.example/webhooks/help-desk
  authentication    a secret in a header
  replay            NO PROTECTION: who captures a request can send it again
  largest body      256 KiB
  secret            presence-relay/prod/webhooks/help-desk
    "keys"          what the header holds, after the prefix
`);
  });

  test('is one line of JSON for scripts', async () => {
    const { stdout } = await told(['--list', '--json'], { folder: houseOf(config) });
    const { sources } = JSON.parse(stdout);
    expect(sources).toHaveLength(2);
    expect(sources[1]).toEqual({
      name: 'help-desk',
      kind: 'header-secret',
      groups: ['12345', '777'],
      enabled: false,
      url: 'https://relay.shop.example/webhooks/help-desk',
      maxBytes: 262_144,
      authentication: 'a secret in a header',
      hasReplayProtection: false,
      secret: 'presence-relay/prod/webhooks/help-desk',
      lists: { keys: { of: 'what the header holds, after the prefix' } },
    });
  });

  test('names the output of the stack, where no address is configured', async () => {
    const folder = houseOf(config.replace(/publicUrl.*/, '').replace(/marketing: .*/, ''));
    const { stdout } = await told(['--list'], { folder, env: { RELAY_STAGE: 'test' } });
    expect(stdout).toContain(
      'address           the output WebhookUrlHelpDesk of the stack presence-relay-test tells',
    );
  });

  test('of the local run has a source of every kind, each at its own address', async () => {
    const { stdout, code } = await told(['--list', '--local', '--port', '4800']);
    expect(stdout).toContain('address           http://127.0.0.1:4800/webhooks/hubspot\n');
    expect(stdout).toContain('event source      aws.partner/salesforce.com/');
    expect(stdout.match(/^[\w-]+: /gm)?.length).toBeGreaterThanOrEqual(22);
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(110);
    expect(code).toBe(0);
  });
});

test('a local run that is not up is told how to bring it up', async () => {
  const { stdout, stderr, code } = await told(['hubspot', '--port', '9']);
  expect([stdout, code]).toEqual(['', 1]);
  expect([stderr.includes('npm start'), stderr.trimEnd().split('\n').length]).toEqual([true, 1]);
});

test.for([
  [[], 'which source? --list tells all of them'],
  [['no-such'], 'there is no such source of webhooks; there are '],
  [['hubspot', 'no-such-file'], 'there is no such file, nor a sample of that name'],
  [['hubspot', 'zendesk', 'slack'], 'a source, and one sample at most'],
  [['hubspot', '--times', '0'], '--times is a whole number from 1 to 10000'],
  [['hubspot', '--visitor', 'a b'], '--visitor is 1 to 100 characters'],
  [['salesforce-event-relay', '--forge'], 'nothing of it is signed'],
  [['--list', 'hubspot'], '--list tells all sources; name none'],
  [['--list', '--port', '4800'], 'with --list, --port goes with --local'],
] as const)('called wrongly, %j, it says how, with exit code 2', async ([args, line]) => {
  const { stdout, stderr, code } = await told(args);
  expect([stdout, code]).toEqual(['', 2]);
  expect(stderr).toContain(line);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
});

test('--help tells every option, the placeholders of samples, and how it ends', async () => {
  const { stdout, code } = await told(['--help']);
  expect(code).toBe(0);
  for (const word of [
    ...['--list', '--visitor', '--times', '--same', '--forge', '--local', '--port', '--json', 'RELAY_STAGE'],
    ...['{{visitor}}', '{{id}}', '{{now}}', 'Exit code 0'],
  ]) {
    expect(stdout).toContain(word);
  }
  expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120);
});
