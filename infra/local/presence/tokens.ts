import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { Refusal } from './http/refusal.ts';
import { sameText } from './same-text.ts';

export interface TokenRequest {
  readonly groupid: number;
  readonly minutes?: number;
  /** Below zero for a token that has already expired. */
  readonly seconds?: number;
  /** Whether the agent has the privilege of using Presence; by default true. */
  readonly presence?: boolean;
  /** Seconds by which the clock is ahead that the token tells of its life by; it ends by the true one. */
  readonly clockSeconds?: number;
  /** Whether the token tells its end, as `exp`; by default true. */
  readonly exp?: boolean;
}

export interface IssuedToken {
  readonly token: string;
  /** ISO 8601, UTC; by the clock that the token was asked to go by. */
  readonly expires: string;
}

const claimsSchema = z.object({
  groupid: z.number(),
  /** Unix milliseconds, by the true clock. What the token tells its reader is `exp`, which may lie, or be missing. */
  ends: z.number(),
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

  issue({
    groupid,
    minutes = 60,
    seconds = minutes * 60,
    presence = true,
    clockSeconds = 0,
    exp = true,
  }: TokenRequest): IssuedToken {
    const now = Date.now();
    const ends = now + seconds * 1000;
    const told = (time: number) => Math.floor(time / 1000 + clockSeconds);
    const claims = {
      groupid,
      iat: told(now),
      ...(exp ? { exp: told(ends) } : {}),
      ends,
      jti: randomUUID(),
      era: this.#era,
      privileges: presence ? 'presence:on' : 'presence:off',
    };
    const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
    const expires = new Date(ends + clockSeconds * 1000).toISOString();
    return { token: `${signed}.${this.#sign(signed)}`, expires };
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
    if (claims.ends <= Date.now()) throw unauthorized('The token has expired');
    if (claims.era !== this.#era || this.#revoked.has(claims.jti))
      throw unauthorized('The token was revoked');
    return claims;
  }

  #verify(token: string): Claims | undefined {
    const [header = '', payload = '', signature = '', ...rest] = token.split('.');
    if (rest.length || !sameText(signature, this.#sign(`${header}.${payload}`))) return undefined;
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
