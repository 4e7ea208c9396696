import * as z from 'zod/mini';
import { type Endpoint, endpoints } from './endpoints.ts';
import { type ProblemCode, problemStatus } from './problem.ts';

/** Every endpoint may answer with these. */
const commonProblems: readonly ProblemCode[] = [
  'invalid-request',
  'unauthenticated',
  'forbidden-caller',
  'too-many-requests',
  'internal',
  'upstream-unavailable',
];

/** And those that ask the Presence service about a group with these. */
const presenceProblems: readonly ProblemCode[] = [
  'forbidden-group',
  'upstream-authorization',
  'upstream-invalid',
  'upstream-timeout',
];

const problemSchema = {
  type: 'object',
  description: 'Problem details as in RFC 9457.',
  required: ['type', 'title', 'status', 'code', 'detail', 'requestId'],
  properties: {
    type: { const: 'about:blank' },
    title: { type: 'string', description: 'The words of the HTTP status.' },
    status: { type: 'integer' },
    code: { enum: Object.keys(problemStatus), description: 'Stable; made for programs.' },
    detail: { type: 'string', description: 'Made for people; may change.' },
    requestId: { type: 'string', description: 'Finds the call in the logs.' },
    errors: {
      type: 'array',
      description: 'Every fault of the request.',
      items: {
        type: 'object',
        required: ['detail'],
        properties: {
          detail: { type: 'string' },
          parameter: { type: 'string', description: 'A query parameter.' },
          header: { type: 'string' },
          pointer: { type: 'string', description: 'A place in the body: a JSON pointer as URI fragment.' },
        },
      },
    },
  },
};

const retryAfter = { description: 'Seconds to stay away.', schema: { type: 'integer', minimum: 0 } };

const tags: { name: Endpoint['tag']; description: string }[] = [
  { name: 'Presence', description: 'Who is on the site now, and a message to them.' },
  { name: 'Signals', description: 'What became of a message, and how to take it back.' },
];

/** The contract as an OpenAPI 3.1 document. */
export function openApiDocument(version: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Presence Relay',
      version,
      summary: 'The Glance Presence endpoints at one host of your own',
      description:
        'Parameters, paths and JSON are those of the Glance Presence REST API. The relay holds the Glance token, finds ' +
        'the server of a visitor and signals it there. What it adds stands in headers, and below `/signals`. Failures ' +
        'are problem details with a stable `code`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      {
        url: 'http://127.0.0.1:{port}',
        description: 'The local run',
        variables: { port: { default: '4700' } },
      },
    ],
    security: [{ sigv4: [] }],
    tags,
    paths: Object.fromEntries(
      Object.entries(Object.groupBy<string, Endpoint>(endpoints, ({ path }) => path)).map(
        ([path, ofPath = []]) => [
          path,
          Object.fromEntries(ofPath.map((endpoint) => [endpoint.method.toLowerCase(), operation(endpoint)])),
        ],
      ),
    ),
    components: {
      schemas: { Problem: problemSchema },
      securitySchemes: {
        sigv4: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'AWS Signature Version 4. The local run takes calls unsigned.',
          'x-amazon-apigateway-authtype': 'awsSigv4',
        },
      },
    },
  };
}

function operation({ name, tag, summary, description, body, answers, problems, ...input }: Endpoint) {
  return {
    operationId: name,
    tags: [tag],
    summary,
    description,
    parameters: [
      ...parametersOf('path', input.parameters),
      ...parametersOf('query', input.query),
      ...headerParameters(input.headers),
    ],
    ...(body && {
      requestBody: {
        required: true,
        description: `At most ${body.maxBytes} bytes.`,
        content: { 'application/json': { schema: jsonSchema(body.schema) } },
      },
    }),
    responses: {
      ...answerResponses(answers),
      ...problemResponses([...commonProblems, ...(tag === 'Presence' ? presenceProblems : []), ...problems]),
    },
  };
}

function parametersOf(place: 'path' | 'query', schema: z.ZodMiniObject | undefined) {
  if (!schema) return [];
  const { properties = {}, required = [] } = jsonSchema(schema);
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: property,
  }));
}

function headerParameters(headers: Endpoint['headers'] = {}) {
  return Object.entries(headers).map(([name, { description, schema }]) => ({
    name,
    in: 'header',
    required: false,
    description,
    // What its text means: a number, say.
    schema: jsonSchema(schema, 'output'),
  }));
}

function answerResponses(answers: Endpoint['answers']) {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, schema, headers = {} }]) => [
      status,
      {
        description,
        ...(Object.keys(headers).length > 0 && { headers: headersOf(headers) }),
        content: { 'application/json': { schema: jsonSchema(schema) } },
      },
    ]),
  );
}

function headersOf(headers: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  );
}

function problemResponses(codes: readonly ProblemCode[]) {
  const byStatus = Object.groupBy(codes, (code) => problemStatus[code]);
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, sameStatus = []]) => [
      status,
      {
        description: sameStatus.map((code) => `\`${code}\``).join(', '),
        ...(status === '503' && { headers: { 'Retry-After': retryAfter } }),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}

function jsonSchema(schema: z.ZodMiniType, io: 'input' | 'output' = 'input') {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
