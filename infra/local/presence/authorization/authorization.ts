import type { Switches } from '../switches.ts';
import type { IssuedToken, Tokens } from '../tokens.ts';
import { Accounts } from './accounts.ts';
import { credentialsFlaw } from './credentials.ts';

export interface GrantRequest {
  readonly groupid: number;
  readonly minutes: number;
  /** Whether the token is asked for the use of Presence. */
  readonly presence: boolean;
}

export interface Grant extends IssuedToken {
  readonly groupid: number;
  readonly presence: boolean;
}

interface Surroundings {
  readonly tokens: Tokens;
  readonly switches: () => Switches;
}

/** The other service, which knows the agents and grants them tokens. It has a clock of its own. */
export class Authorization {
  readonly accounts = new Accounts();
  readonly #tokens: Tokens;
  readonly #switches: () => Switches;
  #granted = 0;

  constructor({ tokens, switches }: Surroundings) {
    this.#tokens = tokens;
    this.#switches = switches;
  }

  /** How many tokens were granted. */
  get granted(): number {
    return this.#granted;
  }

  /** Unix milliseconds, by this service's clock. */
  now(): number {
    return Date.now() + this.#switches().authorizeClockSeconds * 1000;
  }

  /** Why nothing is granted for these credentials; undefined when they are the group's account's. */
  flawOf(credentials: unknown, groupid: number): string | undefined {
    return credentialsFlaw(credentials, this.accounts.of(groupid), this.now() / 1000);
  }

  /** `withheld`: the token only looks as if it had been granted. */
  grant({ groupid, minutes, presence: asked }: GrantRequest, withheld: boolean): Grant {
    const {
      tokenSeconds,
      authorizedFor,
      jwtExp: exp,
      authorizeClockSeconds: clockSeconds,
    } = this.#switches();
    const presence = asked && authorizedFor !== 'nothing';
    const seconds = Math.min(minutes * 60, tokenSeconds);
    const issued = this.#tokens.issue({ groupid, seconds, presence, exp, clockSeconds });
    if (withheld || authorizedFor === 'revoked') this.#tokens.revoke(issued.token);
    if (!withheld) this.#granted += 1;
    return { ...issued, groupid, presence };
  }

  clear(): void {
    this.accounts.clear();
    this.#granted = 0;
  }
}
