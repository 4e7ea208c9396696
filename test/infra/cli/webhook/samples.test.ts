import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { expect as expectOf } from '../../../../infra/cli/webhook/expect.ts';
import { fill, fillingOf, findSample } from '../../../../infra/cli/webhook/sample.ts';
import { sign } from '../../../../infra/cli/webhook/sign.ts';
import { withSamples } from '../../../../infra/local/samples.ts';
import { localKeys } from '../../../../infra/local/webhook-keys.ts';
import { signalId } from '../../../../shared/signals/signal.ts';
import { readKeys } from '../../../../shared/webhooks/intake/keys.ts';
import type { Source } from '../../../../shared/webhooks/source.ts';
import { webhookRequest } from '../../../support/webhook.ts';

const none: { groups: object; webhooks: Record<string, Source> } = { groups: { 12345: {} }, webhooks: {} };
const { webhooks } = withSamples(none);
const files = readdirSync(path.resolve(import.meta.dirname, '../../../samples'));
const samples = files.map((file) => path.parse(file).name);

/** The source of a sample: that of its name, or of the beginning of its name. */
function sourceOf(sample: string): [string, Source] {
  const name = Object.keys(webhooks)
    .filter((each) => sample.startsWith(each))
    .sort((one, other) => other.length - one.length)[0];
  const source = webhooks[name ?? ''];
  if (!source) throw new Error(`no source for ${sample}`);
  return [name ?? '', source];
}

const now = Date.UTC(2026, 5, 1);

async function signed(sample: string, { forge = false, same = false } = {}) {
  const [name, source] = sourceOf(sample);
  const { text, contentType } = await findSample(name, source, sample);
  const filling = fillingOf({ visitor: 'ada', own: source.own }, { same, now });
  const keys = readKeys(localKeys(name, source), source.lists);
  const url = `http://127.0.0.1:4700/webhooks/${name}`;
  const body = Buffer.from(fill(text, filling));
  const isHttp = source.transport === 'http';
  const signing = { url, body, contentType, keys, own: source.own, now, id: filling.seed };
  const request = isHttp
    ? sign({ ...signing, kind: source.kind, forge })
    : { url, body, headers: { 'content-type': contentType } };
  const query = Object.fromEntries(new URL(request.url).searchParams);
  const verdict = source.authenticate(webhookRequest({ ...request, query, url }), keys, now);
  const context = {
    name,
    source,
    strictGroups: new Set<string>(),
    now,
    idOf: (...parts: readonly string[]) =>
      Promise.resolve(signalId.parse(createHash('sha256').update(parts.join()).digest('hex'))),
  };
  return { source, verdict, request, made: await expectOf(request, context) };
}

test('there is a sample for every kind of source', () => {
  expect(Object.keys(webhooks).filter((name) => !samples.includes(name))).toEqual([]);
});

describe.each(samples)('%s', (sample) => {
  test('is signed as its vendor would, and becomes a signal for its visitor', async () => {
    const { source, verdict, made } = await signed(sample);
    expect(verdict).toBe(source.transport === 'http' ? 'authentic' : 'missing');
    expect(made.parked).toEqual([]);
    expect(made.signals.length).toBeGreaterThan(0);
    expect(new Set(made.signals.map(({ visitorid }) => visitorid))).toEqual(new Set(['ada']));
  });

  test('is another event each time, unless the same is wanted', async () => {
    const ids = async (same: boolean) => (await signed(sample, { same })).made.signals.map(({ id }) => id);
    expect(await ids(false)).not.toEqual(await ids(false));
    expect(await ids(true)).toEqual(await ids(true));
  });

  test('leaves no placeholder in its place', async () => {
    const { request } = await signed(sample);
    expect(request.body.toString()).not.toMatch(/\{\{|undefined/);
  });
});

const http = samples.filter((sample) => sourceOf(sample)[1].transport === 'http');

test.each(http)('%s that was forged is refused', async (sample) => {
  const { verdict } = await signed(sample, { forge: true });
  expect(['mismatch', 'malformed']).toContain(verdict);
});
