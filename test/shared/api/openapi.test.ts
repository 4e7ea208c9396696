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
        parameters: z.array(
          z.object({ name: z.string(), in: z.string(), required: z.boolean(), schema: z.unknown() }),
        ),
        requestBody: z.optional(z.unknown()),
        responses: z.record(z.string(), z.looseObject({ description: z.string() })),
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
    'tells of %s every parameter, every answer, and every problem with its status',
    ([, { path, method, parameters, query, headers = {}, body, answers, problems }]) => {
      const operation = paths[path]?.[method.toLowerCase()];
      const named = (place: string) =>
        operation?.parameters.filter((parameter) => parameter.in === place).map(({ name }) => name);
      const required = operation?.parameters.filter((parameter) => parameter.required);
      expect(named('path')).toEqual(Object.keys(parameters?.def.shape ?? {}));
      expect(named('query')).toEqual(Object.keys(query.def.shape));
      expect(named('header')).toEqual(Object.keys(headers));
      expect(required?.map(({ name }) => name)).toContain(parameters ? 'id' : 'groupid');
      expect(operation?.requestBody !== undefined).toBe(body !== undefined);
      expect(Object.keys(operation?.responses ?? {})).toEqual(expect.arrayContaining(Object.keys(answers)));
      for (const code of ['invalid-request', 'internal', ...problems] as const) {
        expect(operation?.responses[problemStatus[code]]?.description).toContain(`\`${code}\``);
      }
    },
  );

  test('tells of a TTL as the number that it means, and where the 202 leads', () => {
    const operation = paths['/signalvisitor']?.post;
    const ttl = operation?.parameters.find(({ name }) => name === 'TTL');
    expect(ttl).toMatchObject({
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 86_400 },
    });
    expect(operation?.responses[202]).toMatchObject({ headers: { Location: expect.anything() } });
  });

  test('tells of a receipt nothing of its visitor', () => {
    const receipt = JSON.stringify(openApiDocument('1.2.3').paths['/signals/{id}']);
    expect(receipt).toContain('expiresAt');
    expect(receipt).not.toMatch(/visitorid|message|fingerprint/);
  });

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
