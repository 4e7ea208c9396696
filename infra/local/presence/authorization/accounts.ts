import * as z from 'zod/mini';
import { read } from '../http/read.ts';

const text = z.string().check(z.minLength(1));

const accountSchema = z.strictObject({
  username: text,
  password: text,
  partnerid: z.int().check(z.positive()),
  partneruserid: text.check(z.maxLength(255)),
  /** Signs login keys. */
  apikey: text,
  g4scredentials: z.string().check(z.length(32)),
});

const patchSchema = z.partial(accountSchema);

export type AccountPatch = Partial<z.infer<typeof accountSchema>>;

/** An agent who may ask for tokens of one group, with everything that proves it. */
export type Account = Readonly<z.infer<typeof accountSchema>> & { readonly groupid: number };

/** One account for each group; they differ in the partner id, which is the group id, until they are changed. */
export class Accounts {
  readonly #patches = new Map<number, z.infer<typeof patchSchema>>();

  of(groupid: number): Account {
    const untouched = {
      groupid,
      username: 'relay.agent',
      password: 'emulator-password',
      partnerid: groupid,
      partneruserid: 'relay-agent',
      apikey: 'emulator-api-key',
      g4scredentials: '0123456789abcdef0123456789abcdef',
    };
    return Object.assign(untouched, this.#patches.get(groupid));
  }

  /** Throws a Refusal that names every flaw of the patch. */
  change(groupids: Iterable<number>, patch: unknown): void {
    const checked = read(patchSchema, patch);
    for (const groupid of groupids) {
      this.#patches.set(groupid, { ...this.#patches.get(groupid), ...checked });
    }
  }

  clear(): void {
    this.#patches.clear();
  }
}
