import { createHash, timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { tokenEnd } from './token-end.ts';

/**
 * In the place of Glance, while a relay is verified: grants tokens to the one who knows the password of this very run,
 * and shows who has such a token a crowd of visitors who are made up.
 */
export const handler = awslambda.streamifyResponse<LambdaFunctionURLEvent>(async (event, stream) => {
  const { status, pieces } = answerTo(event, process.env);
  const head = { statusCode: status, headers: { 'content-type': 'application/json' } };
  await pipeline(Readable.from(pieces), awslambda.HttpResponseStream.from(stream, head));
});

interface Answer {
  readonly status: number;
  readonly pieces: Iterable<string>;
}

function answerTo(event: LambdaFunctionURLEvent, environment: NodeJS.ProcessEnv): Answer {
  const { rawPath, requestContext, headers } = event;
  const { PASSWORD_DIGEST = '', TOKEN_DIGEST = '' } = environment;
  if (rawPath === '/authorize' && requestContext.http.method === 'POST') {
    const password = passwordIn(event);
    return isOf(PASSWORD_DIGEST, password)
      ? { status: 200, pieces: [JSON.stringify(tokenFor(password))] }
      : refused;
  }
  const [, end = ''] = /^Bearer eyJ[\w-]+\.[\w-]+\.([\w-]+)$/.exec(headers.authorization ?? '') ?? [];
  if (!isOf(TOKEN_DIGEST, end)) return refused;
  if (rawPath === '/query') return { status: 200, pieces: crowd() };
  if (rawPath === '/lookupvisitor') return { status: 200, pieces: ['{}'] };
  return { status: 404, pieces: ['{}'] };
}

const refused: Answer = { status: 401, pieces: ['{"err":"authorization","msg":"refused"}'] };

function passwordIn({ body = '', isBase64Encoded }: LambdaFunctionURLEvent): string {
  try {
    const text = isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
    const given: unknown = JSON.parse(text);
    return typeof given === 'object' && given && 'password' in given ? String(given.password) : '';
  } catch {
    return '';
  }
}

const hourSeconds = 3_600;

/** In the form of a JWT. What makes it one that is taken is its end, which only the password gives. */
function tokenFor(password: string): string {
  const part = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url');
  const now = Math.floor(Date.now() / 1_000);
  const claims = { iat: now, exp: now + hourSeconds, jti: Math.random().toString(36).slice(2) };
  return `${part({ alg: 'HS256' })}.${part(claims)}.${tokenEnd(password)}`;
}

function isOf(digest: string, text: string): boolean {
  const known = Buffer.from(digest, 'hex');
  const given = createHash('sha256').update(text).digest();
  return known.length === given.length && timingSafeEqual(known, given);
}

const visitors = 40_000;
const visitorsPerPiece = 100;

/** Over 12 MB, made as it is read. */
function* crowd(): Generator<string> {
  yield '{"visitors":[';
  for (let first = 0; first < visitors; first += visitorsPerPiece) {
    const piece = Array.from({ length: visitorsPerPiece }, (_, offset) => visitor(first + offset));
    yield `${first === 0 ? '' : ','}${piece.join(',')}`;
  }
  yield ']}';
}

function visitor(number: number): string {
  return JSON.stringify({
    visitorid: `made-up-${number}`,
    groupid: '1',
    visitorpresent: '1767225600.0',
    timestamp: '1767225600.0',
    url: `https://shop.example/products/${number}?step=${'one-of-many-pages-'.repeat(6)}`,
    title: 'A page that nobody has ever been on',
    browser: 'Firefox',
    platform: 'Linux x86_64',
  });
}
