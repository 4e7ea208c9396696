import type { Presence } from './visitors.ts';

const origin = 'https://shop.example';
const pages = [
  '/',
  '/offers',
  '/basket',
  '/account',
  '/help/delivery',
  '/products/lamp',
  '/products/chair',
  '/checkout',
];
const browsers = [
  ['Chrome', '143.0'],
  ['Safari', '26.1'],
  ['Edge', '143.0'],
  ['Firefox', '146.0'],
] as const;
const platforms = ['Windows', 'MacIntel', 'iPhone', 'Linux armv8l', 'Linux x86_64'];
const plans = ['free', 'basic', 'plus', 'premium'];
const languages = ['en-GB', 'en-US', 'de-DE', 'fr-FR', 'es-ES', 'ja-JP'];

/** Visitors without a connection each: everything about one of them is worked out from its number, nothing is stored. */
export class Crowd {
  readonly #sizes = new Map<number, number>();
  readonly #serverOf: (visitorid: string) => string;
  #since = Date.now();

  constructor(serverOf: (visitorid: string) => string) {
    this.#serverOf = serverOf;
  }

  /** From now on, `crowd-0` to `crowd-<count - 1>` are present in the group. */
  resize(groupid: number, count: number): void {
    this.#since = Date.now();
    this.#sizes.set(groupid, count);
  }

  clear(): void {
    this.#sizes.clear();
  }

  size(groupid: number): number {
    return this.#sizes.get(groupid) ?? 0;
  }

  find(groupid: number, visitorid: string): Presence | undefined {
    const number = /^crowd-(0|[1-9]\d*)$/.exec(visitorid)?.[1];
    return number !== undefined && Number(number) < this.size(groupid)
      ? this.#member(groupid, Number(number))
      : undefined;
  }

  *all(groupid: number): Generator<Presence> {
    for (let number = 0; number < this.size(groupid); number += 1) yield this.#member(groupid, number);
  }

  #member(groupid: number, number: number): Presence {
    const visitorid = `crowd-${number}`;
    const dice = scramble(number + 1);
    const age = dice % 3_600_000;
    return {
      groupid,
      visitorid,
      server: this.#serverOf(visitorid),
      since: this.#since - age,
      seen: this.#since - (age % 60_000),
      data: memberData(number, dice),
    };
  }
}

function memberData(number: number, dice: number): [string, unknown][] {
  const [browser, browserver] = pick(browsers, dice);
  return [
    ['url', `${origin}${pick(pages, dice >>> 3)}`],
    ['browser', browser],
    ['browserver', browserver],
    ['platform', pick(platforms, dice >>> 5)],
    ['customer', `C${String(1_000_000 + number)}`],
    ['plan', pick(plans, dice >>> 9)],
    ['language', pick(languages, dice >>> 13)],
    ['basket', (dice % 50_000) / 100],
  ];
}

function pick<Item>(items: readonly [Item, ...Item[]] | readonly Item[], dice: number): Item {
  return items[dice % items.length] as Item; // the remainder is always an index of a list that is not empty
}

/** The same well-mixed 32 bits for the same number, always (the finisher of MurmurHash3). */
function scramble(number: number): number {
  let bits = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
