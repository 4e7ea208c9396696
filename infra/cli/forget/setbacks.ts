/** One object is not to be done, which does not keep the others from being done. The message goes on after its key. */
export class Setback extends Error {
  override readonly name: string = 'Setback';
}

/** It is no whole snapshot: nobody can tell what is in it. */
export class Damaged extends Setback {
  override readonly name = 'Damaged';
}

/** The next try may succeed. */
export class Passing extends Setback {
  override readonly name = 'Passing';
}

/** Somebody wants to go no further. */
export class Interrupted extends Setback {
  override readonly name = 'Interrupted';
}

const tries = 3;

/** Does it anew where the next try may succeed. */
export async function triedAgain<T>(work: () => Promise<T>): Promise<T> {
  for (let at = 1; ; at++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Passing) || at === tries) throw error;
    }
  }
}
