import { randomInt, randomUUID } from 'node:crypto';

export interface UniqueId {
  readonly visitorid: string;
  readonly guesttoken: string;
  readonly uniqueid: string;
  /** Seconds. */
  readonly timeout: number;
}

/** Short codes for visitors who have no id, as `connectUnique()` asks for them. */
export class UniqueIds {
  readonly #tokens = new Map<string, { guesttoken: string; expires: number }>();

  issue(groupid: number, timeout: number): UniqueId {
    this.#dropExpired();
    const uniqueid = String(randomInt(1_000_000)).padStart(6, '0');
    const visitorid = `UNQ-${uniqueid}`;
    const key = `${groupid}/${visitorid}`;
    if (this.#tokens.has(key)) return this.issue(groupid, timeout);
    const guesttoken = randomUUID();
    this.#tokens.set(key, { guesttoken, expires: Date.now() + timeout * 1000 });
    return { visitorid, guesttoken, uniqueid, timeout };
  }

  /** The same code for another `timeout` seconds; undefined when it has ended, or is somebody else's. */
  extend(groupid: number, visitorid: string, guesttoken: string, timeout: number): UniqueId | undefined {
    if (!this.admits(groupid, visitorid, guesttoken)) return undefined;
    this.#tokens.set(`${groupid}/${visitorid}`, { guesttoken, expires: Date.now() + timeout * 1000 });
    return { visitorid, guesttoken, uniqueid: visitorid.slice('UNQ-'.length), timeout };
  }

  /** Whether a visitor may connect under this id. Everybody may under an id that is no unique one. */
  admits(groupid: number, visitorid: string, guesttoken: string | undefined): boolean {
    if (!visitorid.startsWith('UNQ-')) return true;
    const known = this.#tokens.get(`${groupid}/${visitorid}`);
    return known !== undefined && known.guesttoken === guesttoken && known.expires > Date.now();
  }

  #dropExpired(): void {
    for (const [key, { expires }] of this.#tokens) if (expires <= Date.now()) this.#tokens.delete(key);
  }
}
