import { linesOfObject } from './object-lines.ts';
import { triedAgain } from './setbacks.ts';
import type { SnapshotStore } from './store.ts';

/** Whether an id, as it stands in a line, is that of the person. */
export type IsPerson = (id: string) => boolean;

/** What a look at an object found. */
export interface Sight {
  readonly etag: string;
  /** Lines of the person, and lines without an id. */
  readonly lines: number;
  readonly unnamed: number;
}

/** Looks for a person in an object; nothing where there is none any more. Throws a `Setback`, and what S3's client does. */
export function lookInto(
  { bucket }: SnapshotStore,
  key: string,
  isPerson: IsPerson,
  signal: AbortSignal,
): Promise<Sight | undefined> {
  return triedAgain(async () => {
    const object = await bucket.stream(key);
    if (!object) return undefined;
    let lines = 0;
    let unnamed = 0;
    for await (const { id } of linesOfObject(object.body, object.bytes, signal)) {
      if (id === undefined) unnamed++;
      else if (isPerson(id)) lines++;
    }
    return { etag: object.etag, lines, unnamed };
  });
}
