import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { fill, fillingOf, findSample } from '../../../infra/cli/webhook/sample.ts';
import { withSamples } from '../../../infra/local/samples.ts';
import { localKeys } from '../../../infra/local/webhook-keys.ts';
import { defineRelay } from '../../../shared/api/config/relay.ts';
import { readKeys } from '../../../shared/webhooks/intake/keys.ts';
import { sourceWith } from '../../support/sources.ts';
import { webhookRequest } from '../../support/webhook.ts';

const sources = withSamples(defineRelay({ groups: { 777: {}, 8888: {} } })).webhooks;
const each = Object.entries(sources);

test('There is a source for every file of shared/webhooks that makes one, under its name', () => {
  const folder = path.resolve(import.meta.dirname, '../../../shared/webhooks');
  const makers = readdirSync(folder).filter(
    (file) =>
      file.endsWith('.ts') && /return defineSource</.test(readFileSync(path.join(folder, file), 'utf8')),
  );
  expect(makers.map((file) => path.parse(file).name).sort()).toEqual(Object.keys(sources).sort());
});

test('What the configuration calls by the name of a kind stays what it is', () => {
  const own = sourceWith({}, 777);
  const config = defineRelay({ groups: { 777: {} }, webhooks: { hubspot: own, shop: own } });
  const { hubspot, shop, zendesk } = withSamples(config).webhooks;
  expect([hubspot, shop, zendesk?.kind]).toEqual([own, own, 'zendesk']);
});

describe.each(each)('The source %s', (name, source) => {
  test('has its kind for its name, no flaws, and the first group', () => {
    expect(source).toMatchObject({ kind: name, flaws: [], groups: ['777'] });
  });

  test('makes of its sample a signal for the visitor in it, who may come a while later', async () => {
    const { text, contentType } = await findSample(name, source, undefined);
    const filling = fillingOf({ visitor: 'ada', own: source.own }, { same: false, now: Date.now() });
    const headers = {
      'content-type': contentType,
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1',
      'webhook-signature': 'v1,AA==',
    };
    const { events } = source.read(webhookRequest({ headers, body: fill(text, filling) }));
    expect(events.map(({ event }) => source.map(event))).toEqual([
      { visitorid: 'ada', ttl: 600, message: { mtype: 'signal', data: { from: name } } },
    ]);
  });

  test('takes the keys of this machine, which say what they are', () => {
    const keys = readKeys(localKeys(name, source), source.lists);
    expect(Object.keys(keys)).toEqual(Object.keys(source.lists));
  });
});
