import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Validations } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { relayApp } from '../../infra/app.ts';
import { withSamples } from '../../infra/local/samples.ts';
import { defineRelay } from '../../shared/api/config/relay.ts';
import { emptyBundles, full } from '../support/stack.ts';
import { lintedTemplates, unacknowledged } from './templates.ts';
import { skipsOf } from './verdict.ts';

const templates = Object.entries(await lintedTemplates());

/** A sentence, in what CloudFormation does not make question marks of. */
const sentence = /^[A-Z][ -~]{40,}\.$/;

describe('every acknowledged finding has its reason beside the resource', () => {
  test.each(templates)('of checkov, in the template %s', (_, template) => {
    const skips = skipsOf(template);
    expect(skips.length).toBeGreaterThan(0);
    for (const { id, comment } of skips) {
      expect(id).toMatch(/^CKV2?_/);
      expect(comment).toMatch(sentence);
    }
    const keys = skips.map(({ resource, id }) => `${resource} ${id}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('of cdk-nag', () => {
    using bundles = emptyBundles();
    const app = relayApp({
      stage: 'test',
      config: withSamples(defineRelay(full)),
      bundles: bundles.folder,
    });
    const reasons = app.node
      .findAll()
      .flatMap(({ node }) => node.metadata)
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.values(data));
    expect(reasons.length).toBeGreaterThan(0);
    for (const reason of reasons) expect(reason).toMatch(sentence);
  });
});

describe('what is linted', () => {
  test.each(templates)('stays below what CloudFormation takes: %s', (_, template) => {
    expect(Object.keys(template.Resources).length).toBeLessThan(500);
    expect(JSON.stringify(template, undefined, 1).length).toBeLessThan(1_000_000);
  });

  test.each(templates)('is the same template with nothing acknowledged in it: %s', (_, template) => {
    const bare = unacknowledged(template);
    expect(skipsOf(bare)).toEqual([]);
    expect(Object.keys(bare.Resources)).toEqual(Object.keys(template.Resources));
    for (const [id, { Properties }] of Object.entries(bare.Resources))
      expect(Properties).toBe(template.Resources[id]?.Properties);
  });

  test('is looked at by one version of each tool, and of all that they bring', () => {
    const file = path.resolve(import.meta.dirname, '../../.ci/lint/requirements.txt');
    const entries = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(entries).toEqual(
      expect.arrayContaining([expect.stringMatching(/^cfn-lint==/), expect.stringMatching(/^checkov==/)]),
    );
    for (const entry of entries) expect(entry).toMatch(/^[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*$/);
  });
});
