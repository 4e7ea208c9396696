import { Recent } from './recent.ts';

export interface Message {
  readonly mtype: string;
  /** A number that JavaScript would write otherwise is a `JSON.rawJSON` of what was sent. */
  readonly data?: unknown;
}

export interface Delivery {
  readonly at: string;
  readonly groupid: number;
  readonly visitorid: string;
  readonly server: string;
  readonly message: Message;
  /** Why the script in a real page would drop this message without telling anybody. */
  readonly ignored?: string;
}

/** Every message that reached a visitor: counts are exact, messages the last few thousand. */
export class Deliveries {
  readonly #counts = new Map<string, number>();
  readonly #last = new Recent<Delivery>(5_000);
  #total = 0;

  record(delivery: Omit<Delivery, 'at' | 'ignored'>): void {
    const key = `${delivery.groupid}/${delivery.visitorid}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    this.#total += 1;
    const ignored = ignoredBecause(delivery.message);
    this.#last.add({
      at: new Date().toISOString(),
      ...delivery,
      ...(ignored === undefined ? {} : { ignored }),
    });
  }

  count(groupid: number, visitorid: string): number {
    return this.#counts.get(`${groupid}/${visitorid}`) ?? 0;
  }

  total(): number {
    return this.#total;
  }

  /** The last deliveries, to everybody or to this visitor, oldest first. */
  last(visitorid?: string): Delivery[] {
    const all = this.#last.list();
    return visitorid === undefined ? all : all.filter((delivery) => delivery.visitorid === visitorid);
  }

  /** By group and visitor, `12345/ada`: everybody who was sent something, or this visitor. */
  counts(visitorid?: string): Record<string, number> {
    const all = [...this.#counts];
    return Object.fromEntries(
      visitorid === undefined ? all : all.filter(([key]) => key.endsWith(`/${visitorid}`)),
    );
  }

  clear(): void {
    this.#counts.clear();
    this.#last.clear();
    this.#total = 0;
  }
}

/** Glance's visitor script calls functions below two names only. */
const callable = /^(GLANCE|GLANCE_COBROWSE\.Custom)\.[^.]/;

function ignoredBecause({ mtype, data }: Message): string | undefined {
  if (mtype === 'signal') return undefined;
  if (mtype !== 'invoke') return 'mtype is neither signal nor invoke';
  const func = typeof data === 'object' && data !== null && 'func' in data ? data.func : undefined;
  if (typeof func !== 'string') return 'func is missing';
  return callable.test(func) ? undefined : 'func is not below GLANCE. or GLANCE_COBROWSE.Custom.';
}
