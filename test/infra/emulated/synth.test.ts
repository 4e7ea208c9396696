import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { relayApp } from '../../../infra/app.ts';
import { bundleFunctions } from '../../../infra/bundle.ts';
import { emulatedConfig } from '../../../infra/emulated/config.ts';
import { synthesise } from '../../../infra/emulated/synth.ts';
import { loadRelayConfig } from '../../../infra/relay-config.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'presence-relay-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...names: string[]) => path.join(folder, ...names);

test('the stack on an AWS emulator is the one that is deployed on AWS', async () => {
  const glance = { presence: 'http://127.0.0.1:4010', authorization: 'http://127.0.0.1:4010/authorize' };
  const config = emulatedConfig(await loadRelayConfig(), glance);
  await bundleFunctions(at('functions'), { maps: false });
  const options = { stage: 'test', config, bundles: at('functions') };
  synthesise({ ...options, outdir: at('emulated') });
  relayApp(options, at('aws')).synth();
  const template = (where: string) => readFileSync(at(where, 'presence-relay-test.template.json'), 'utf8');
  expect(template('emulated')).toBe(template('aws'));
  const stacks = readdirSync(at('emulated')).filter((name) => name.endsWith('.template.json'));
  expect(stacks.sort()).toEqual([
    'presence-relay-surroundings.template.json',
    'presence-relay-test.template.json',
  ]);
}, 60_000);
