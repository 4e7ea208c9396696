import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { besideId, signs, template, templateParts } from '../../../../shared/webhooks/proof/hmac-template.ts';

test('a template is its texts and fields in order', () => {
  expect(templateParts('v0:{timestamp}:{body}')).toEqual([
    { text: 'v0:' },
    { field: 'timestamp' },
    { text: ':' },
    { field: 'body' },
  ]);
  expect(templateParts('{method}{url}{body}{timestamp}')).toEqual(
    ['method', 'url', 'body', 'timestamp'].map((field) => ({ field })),
  );
});

test('whether a field is signed is told by its braces', () => {
  expect([signs('{timestamp}.{body}', 'timestamp'), signs('timestamp.{body}', 'timestamp')]).toEqual([
    true,
    false,
  ]);
});

test('the texts beside the id are those that it may not hold', () => {
  expect(besideId('{id}.{timestamp}:{body}')).toEqual(['.']);
  expect(besideId('v1;{id};{timestamp}.{body}')).toEqual(['v1;', ';']);
  expect(besideId('{timestamp}.{body}')).toEqual([]);
});

test.for([
  ['{timestamp}', 'must hold {body}'],
  ['', 'must hold {body}'],
  ['{ts}.{body}', 'may hold {body}, {timestamp}, {id}, {url} and {method}, and no other brace'],
  ['{{body}}', 'may hold {body}, {timestamp}, {id}, {url} and {method}, and no other brace'],
  ['{body', 'must hold {body}'],
  ['{id}{body}', 'must have text between {id} and what stands beside it'],
  ['{timestamp}.{body}{id}', 'must have text between {id} and what stands beside it'],
])('"%s" %s', ([text, message]) => {
  expect(template.safeParse(text).error?.issues.map((issue) => issue.message)).toContain(message);
});

test.for([
  '{body}',
  '{timestamp}{body}',
  '{method}{url}{body}{timestamp}',
  '{id}.{timestamp}.{body}',
  '{body}|{id}',
])('"%s" is fine', (text) => {
  expect(z.safeParse(template, text).success).toBe(true);
});
