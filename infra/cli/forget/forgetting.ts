import { groupPrefix, prefixes } from '../../../shared/snapshots/keys.ts';
import { eachAtOnce } from './at-once.ts';
import { lookInto } from './look.ts';
import { correctManifest } from './manifest.ts';
import { type SnapshotObject, snapshotObject } from './object-key.ts';
import type { Person } from './person.ts';
import { type Rewritten, rewrite } from './rewrite.ts';
import { Interrupted, Setback } from './setbacks.ts';
import { fromStore, newestVersion, removeVersion, type SnapshotStore } from './store.ts';

/** What has become of it. */
export interface Outcome {
  /** Objects that were looked through, and how many of their lines have no id. */
  readonly looked: number;
  readonly unnamed: number;
  /** Objects in the place of which others stand now, how many lines are gone, and how long the new ones are. */
  readonly rewritten: number;
  readonly removed: number;
  readonly bytes: number;
  /** Objects that were replaced, and may not be removed for good. */
  readonly olderStay: number;
  /** Objects that were left alone, by key, and why. */
  readonly left: ReadonlyMap<string, string>;
}

interface ForgettingOptions {
  readonly store: SnapshotStore;
  readonly person: Person;
  /** Of this one alone; of all groups that there are snapshots of unless given. */
  readonly groupid?: string | undefined;
  /** Once it is aborted, no more is begun. */
  readonly signal: AbortSignal;
  /** Hears how many objects are done, and how many there are. */
  readonly progress: (done: number, all: number) => void;
  readonly now?: () => number;
}

/** S3 answers several at once faster than one after the other; a processor has enough to do with as many. */
const atOnce = 4;

/** Half of the longest period, after which nobody goes on with a snapshot that was begun, and time to spare. */
const longestBeginningMs = 13 * 3_600_000;

/** Looks for a person in the snapshots, and removes what it found. */
export class Forgetting {
  readonly #options: ForgettingOptions;
  /** What was looked through, by key. */
  readonly #seen = new Map<string, { etag: string; readonly unnamed: number }>();
  readonly #left = new Map<string, string>();
  readonly #counts = { rewritten: 0, removed: 0, bytes: 0, olderStay: 0 };
  #found: SnapshotObject[] = [];

  constructor(options: ForgettingOptions) {
    this.#options = options;
  }

  get outcome(): Outcome {
    const unnamed = [...this.#seen.values()].reduce((sum, seen) => sum + seen.unnamed, 0);
    return { looked: this.#seen.size, unnamed, ...this.#counts, left: this.#left };
  }

  /**
   * Changes nothing. Objects that were looked through before, and are the same, are passed by. Tells in how many objects
   * the person is, and how many lines that makes. Throws `AwsTrouble`.
   */
  async look(): Promise<{ objects: number; lines: number }> {
    const { store, person, signal } = this.#options;
    this.#found = [];
    let all = 0;
    await this.#each(await this.#listed(), async (object) => {
      const isPerson = person.in(object.groupid);
      const sight = await this.#read(lookInto(store, object.key, isPerson, signal));
      if (!sight) return;
      const { lines, ...seen } = sight;
      this.#seen.set(object.key, seen);
      all += lines;
      if (lines > 0) this.#found.push(object);
    });
    return { objects: this.#found.length, lines: all };
  }

  /** Rewrites the objects in which the last look found the person. Throws `AwsTrouble`. */
  async remove(): Promise<void> {
    const { store, person, signal } = this.#options;
    await this.#each(this.#found, async (object) => {
      await this.#refuseUnfinished(object);
      const rewriting = rewrite(store, object.key, person.in(object.groupid), signal);
      const rewritten = await this.#written('s3:PutObject', rewriting);
      if (rewritten) await this.#complete(object, rewritten);
    });
  }

  async #complete({ key, manifestKey }: SnapshotObject, rewritten: Rewritten): Promise<void> {
    const { store } = this.#options;
    const counts = this.#counts;
    this.#seen.set(key, { unnamed: 0, ...this.#seen.get(key), etag: rewritten.etag });
    counts.rewritten++;
    counts.removed += rewritten.lines;
    counts.bytes += rewritten.bytes;
    try {
      await this.#written('s3:PutObject', correctManifest(store, manifestKey, rewritten));
    } finally {
      const { id } = rewritten.before;
      const isGone =
        id === undefined || (await this.#written('s3:DeleteObjectVersion', removeVersion(store, key, id)));
      if (!isGone) counts.olderStay++;
    }
  }

  /** Whoever takes a snapshot knows its object by its length, until there is a manifest. */
  async #refuseUnfinished({ key, slot, manifestKey }: SnapshotObject): Promise<void> {
    const { store, now = Date.now } = this.#options;
    if (now() - slot > longestBeginningMs) return;
    if (await this.#read(newestVersion(store, manifestKey))) return;
    this.#seen.delete(key);
    throw new Setback('it has no manifest yet, so it may still be worked on');
  }

  async #listed(): Promise<SnapshotObject[]> {
    const { store, groupid } = this.#options;
    const prefix = groupid === undefined ? prefixes.snapshots : groupPrefix('snapshots', groupid);
    const all = store.bucket.list(prefix);
    const objects: SnapshotObject[] = [];
    const step = () => this.#read(all.next(), 's3:ListBucket');
    for (let next = await step(); !next.done; next = await step()) {
      const { key, etag } = next.value;
      const object = snapshotObject(key);
      if (!object) this.#left.set(key, 'it is none of the relay');
      else if (this.#seen.get(key)?.etag !== etag) objects.push(object);
    }
    return objects;
  }

  /** One object that is not to be done does not keep the others from being done. */
  async #each(
    objects: readonly SnapshotObject[],
    work: (object: SnapshotObject) => Promise<void>,
  ): Promise<void> {
    const { signal, progress } = this.#options;
    let done = 0;
    progress(done, objects.length);
    await eachAtOnce(objects, atOnce, async (object) => {
      if (signal.aborted) return;
      try {
        await work(object);
        this.#left.delete(object.key);
      } catch (error) {
        if (!(error instanceof Setback)) throw error;
        if (error instanceof Interrupted) return;
        this.#left.set(object.key, error.message);
      }
      progress(++done, objects.length);
    });
  }

  #read<T>(answer: Promise<T>, rights = 's3:GetObject'): Promise<T> {
    return fromStore(this.#options.store, 'read', rights, answer);
  }

  #written<T>(rights: string, answer: Promise<T>): Promise<T> {
    return fromStore(this.#options.store, 'written', rights, answer);
  }
}
