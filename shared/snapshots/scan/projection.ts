import { KeyName } from './key-name.ts';

const idKey = 'visitorid';

/** Which of the top-level members of a visitor are in its line. */
export class Projection {
  /** A longer key, in bytes as it is written, is none of those that are named. */
  readonly mostBytes: number;
  /** Whether members are in the line that are not named. */
  readonly keepsOthers: boolean;
  readonly #named: readonly KeyName[];

  /** `fields`: those that are in the line. `hidesId`: the visitor's own `visitorid` is not. */
  constructor(fields: 'all' | readonly string[], hidesId: boolean) {
    this.keepsOthers = fields === 'all';
    const named = fields === 'all' ? [idKey] : fields.filter((field) => !(hidesId && field === idKey));
    this.#named = named.map((field) => new KeyName(field));
    this.mostBytes = Math.max(0, ...this.#named.map((name) => name.mostBytes));
  }

  /** As `KeyName.is` is asked. */
  keeps(bytes: Uint8Array, start: number, end: number, hasEscapes: boolean): boolean {
    for (const name of this.#named) if (name.is(bytes, start, end, hasEscapes)) return !this.keepsOthers;
    return this.keepsOthers;
  }
}

/** None where the whole visitor is in its line. */
export function projectionOf(fields: 'all' | readonly string[], hidesId: boolean): Projection | undefined {
  return fields === 'all' && !hidesId ? undefined : new Projection(fields, hidesId);
}
