import fc from 'fast-check';
import type { WebhookRequest } from '../../shared/webhooks/request.ts';

/** All requests that differ from this one in a single byte of the body, or a single character of one of these headers. */
export function tampered(
  request: WebhookRequest,
  ...headers: readonly string[]
): fc.Arbitrary<WebhookRequest> {
  return fc.oneof(withOtherByte(request), ...headers.map((name) => withOtherCharacter(request, name)));
}

export function withOtherByte(request: WebhookRequest): fc.Arbitrary<WebhookRequest> {
  const { body } = request;
  return fc.tuple(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, flip]) => {
    const other = Buffer.from(body);
    other[at] = (other[at] ?? 0) ^ flip;
    return { ...request, body: other };
  });
}

/** Case is left alone: hexadecimal digits mean the same in both. */
function withOtherCharacter(request: WebhookRequest, name: string): fc.Arbitrary<WebhookRequest> {
  const value = request.headers.get(name)?.[0] ?? '';
  return fc
    .tuple(fc.nat(value.length - 1), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }))
    .filter(([at, other]) => value.charAt(at).toLowerCase() !== other.toLowerCase())
    .map(([at, other]) => {
      const changed = value.slice(0, at) + other + value.slice(at + 1);
      return { ...request, headers: new Map([...request.headers, [name, [changed]]]) };
    });
}
