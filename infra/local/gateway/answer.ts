import * as z from 'zod/mini';

const value = z.union([z.string(), z.number(), z.boolean()]);

const head = {
  statusCode: z.int().check(z.gte(200), z.lte(599)),
  headers: z.nullish(z.record(z.string(), value)),
  multiValueHeaders: z.nullish(z.record(z.string(), z.array(value))),
};

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html */
export const proxyAnswer = z.strictObject({
  ...head,
  body: z.nullish(z.string()),
  isBase64Encoded: z.nullish(z.boolean()),
});

/** What stands before a streamed answer. https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html */
export const prelude = z.strictObject({ ...head, cookies: z.nullish(z.array(z.string())) });
export type Prelude = z.infer<typeof prelude>;

/** API Gateway says these itself, and gives what a function says of them under another name, or drops it. */
const renamed = new Set(['connection', 'content-length', 'date', 'server', 'www-authenticate']);
const dropped = new Set(['keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

/** The headers of the answer: lower-case names, and what the function gave for each, `multiValueHeaders` first. */
export function answerHeaders(answer: Omit<Prelude, 'statusCode'>): Map<string, string[]> {
  const headers = new Map<string, string[]>([['content-type', ['application/json']]]);
  const given = [
    ...Object.entries(answer.headers ?? {}).map(([name, one]) => [name, [one]] as const),
    ...Object.entries(answer.multiValueHeaders ?? {}),
    ...(answer.cookies?.length ? [['set-cookie', answer.cookies] as const] : []),
  ];
  for (const [name, values] of given) {
    const key = name.toLowerCase();
    if (!dropped.has(key)) headers.set(renamed.has(key) ? `x-amzn-remapped-${key}` : key, values.map(String));
  }
  return headers;
}
