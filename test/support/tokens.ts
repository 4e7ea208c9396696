import type { TokenSource } from '../../shared/presence/token.ts';

/** A token in the form of a JWT with these claims; its signature is made up. */
export function jwt(claims: object = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}.c2lnbmF0dXJl`;
}

export interface TestTokens extends TokenSource {
  readonly refusals: readonly string[];
}

/** Hands out the first token until it is refused, then the next; after the last one there is no other. */
export function tokensInTurn(...values: readonly string[]): TestTokens {
  const refusals: string[] = [];
  return {
    refusals,
    get: () => Promise.resolve(values[Math.min(refusals.length, values.length - 1)] ?? ''),
    instead: (_groupid, refused) => {
      refusals.push(refused);
      return Promise.resolve(values[refusals.length]);
    },
  };
}
