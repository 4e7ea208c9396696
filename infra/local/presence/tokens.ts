import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import * as z from 'zod/mini';
import { Refusal } from './http/refusal.ts';

export interface TokenRequest {
  readonly groupid: number;
  readonly minutes?: number;
  /** Below zero for a token that has already expired. */
  readonly seconds?: number;
  /** Whether the agent has the privilege of using Presence; by default true. */
  readonly presence?: boolean;
}

export interface IssuedToken {
  readonly token: string;
  /** ISO 8601, UTC. */
  readonly expires: string;
}

const claimsSchema = z.object({
  groupid: z.number(),
  exp: z.number(),
  jti: z.string(),
  era: z.number(),
  privileges: z.string(),
});

type Claims = z.infer<typeof claimsSchema>;

/** Issues and checks JWTs (HS256). That there is an `exp` is certain of Glance's; the other claims are invented. */
export class Tokens {
  readonly #key: string | Buffer;
  readonly #revoked = new Set<string>();
  #era = 0;

  constructor(signingKey?: string) {
    this.#key = signingKey ?? randomBytes(32);
  }

  issue({ groupid, minutes = 60, seconds = minutes * 60, presence = true }: TokenRequest): IssuedToken {
    const now = Math.floor(Date.now() / 1000);
    const privileges = presence ? 'presence:on' : 'presence:off';
    const claims = { groupid, iat: now, exp: now + seconds, jti: randomUUID(), era: this.#era, privileges };
    const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
    return { token: `${signed}.${this.#sign(signed)}`, expires: new Date(claims.exp * 1000).toISOString() };
  }

  /** False when the token is none of these. */
  revoke(token: string): boolean {
    const claims = this.#verify(token);
    if (claims) this.#revoked.add(claims.jti);
    return claims !== undefined;
  }

  /** Every token issued until now. */
  revokeAll(): void {
    this.#era += 1;
    this.#revoked.clear();
  }

  /** Throws a Refusal: 401 for a token that is missing, bad, expired or revoked. */
  check(token: string | undefined): Claims {
    if (!token) throw unauthorized('There is no token');
    const claims = this.#verify(token);
    if (!claims) throw unauthorized('The token is not valid');
    if (claims.exp * 1000 <= Date.now()) throw unauthorized('The token has expired');
    if (claims.era !== this.#era || this.#revoked.has(claims.jti))
      throw unauthorized('The token was revoked');
    return claims;
  }

  #verify(token: string): Claims | undefined {
    const [header = '', payload = '', signature = '', ...rest] = token.split('.');
    const expected = Buffer.from(this.#sign(`${header}.${payload}`));
    const given = Buffer.from(signature);
    if (rest.length || given.length !== expected.length || !timingSafeEqual(given, expected))
      return undefined;
    const claims = z.safeParse(claimsSchema, decode(payload));
    return claims.success ? claims.data : undefined;
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }
}

/** Throws a Refusal, 403, unless the token is one of this group and may use Presence. */
export function authorize({ groupid, privileges }: Claims, group: number): void {
  if (groupid !== group) throw new Refusal(403, 'authorization', 'The token belongs to another group');
  if (privileges !== 'presence:on') throw new Refusal(403, 'authorization', 'No privilege to use Presence');
}

function unauthorized(msg: string): Refusal {
  return new Refusal(401, 'authorization', msg);
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return undefined;
  }
}
