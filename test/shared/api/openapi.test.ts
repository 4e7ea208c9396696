import { readFile } from 'node:fs/promises';
import { createConfig, lint } from '@redocly/openapi-core';
import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { openApiText } from '../../../infra/openapi.ts';
import { type Endpoint, endpoints } from '../../../shared/api/endpoints.ts';
import { openApiDocument } from '../../../shared/api/openapi.ts';
import { problemStatus } from '../../../shared/api/problem.ts';

const file = new URL('../../../docs/openapi.json', import.meta.url).pathname;

const documentSchema = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        parameters: z.array(z.object({ name: z.string(), required: z.boolean() })),
        requestBody: z.optional(z.unknown()),
        responses: z.record(z.string(), z.object({ description: z.string() })),
      }),
    ),
  ),
});
const { paths } = documentSchema.parse(openApiDocument('1.2.3'));

test('docs/openapi.json is up to date (npm run openapi)', async () => {
  expect(await readFile(file, 'utf8')).toBe(await openApiText());
});

test('the document has nothing that a strict linter objects to', async () => {
  const problems = await lint({ ref: file, config: await createConfig({ extends: ['recommended-strict'] }) });
  expect(
    problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`),
  ).toEqual([]);
});

describe('the document', () => {
  test('tells of every endpoint and of no other', () => {
    const told = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(told.toSorted()).toEqual(endpoints.map(({ method, path }) => `${method} ${path}`).toSorted());
  });

  test.for(endpoints.map((endpoint): [string, Endpoint] => [endpoint.name, endpoint]))(
    'tells of %s every parameter and every problem with its status',
    ([, { path, method, query, body, problems }]) => {
      const operation = paths[path]?.[method.toLowerCase()];
      const required = operation?.parameters.filter((parameter) => parameter.required);
      expect(operation?.parameters.map(({ name }) => name)).toEqual(Object.keys(query.def.shape));
      expect(required?.map(({ name }) => name)).toContain('groupid');
      expect(operation?.requestBody !== undefined).toBe(body !== undefined);
      for (const code of ['invalid-request', 'internal', ...problems] as const) {
        expect(operation?.responses[problemStatus[code]]?.description).toContain(`\`${code}\``);
      }
    },
  );

  test('asks for both parts of a message', () => {
    const document = JSON.stringify(openApiDocument('1.2.3'));
    const message =
      JSON.parse(document).paths['/signalvisitor'].post.requestBody.content['application/json'].schema;
    const kinds: { required: string[] }[] = message.oneOf ?? message.anyOf;
    expect(kinds.map(({ required }) => required.toSorted())).toEqual([
      ['data', 'mtype'],
      ['data', 'mtype'],
    ]);
  });
});
