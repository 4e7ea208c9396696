import * as z from 'zod/mini';
import { type RefreshFailureName, refreshFailureNames } from './metrics.ts';

/**
 * What a renewal that failed leaves behind, for all instances to see: a version of the token secret under a label of
 * its own, so that the current version stays as it is.
 */
export interface FailureNote {
  /** The version of the secret that was to be replaced; with another one, the note is over. */
  readonly version: string | undefined;
  /** The version of the credentials that were used; with others, it may be tried again at once. */
  readonly credentials: string | undefined;
  readonly failure: RefreshFailureName;
  readonly reason: string;
  /** In a row. */
  readonly failures: number;
  /** Milliseconds since 1970; not to be tried again before `until`. */
  readonly at: number;
  readonly until: number;
}

/** The staging label of the note's version. */
export const noteLabel = 'RELAY_RENEWAL_FAILED';

const time = z.pipe(
  z.pipe(z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)), z.transform(Date.parse)),
  z.number(),
);

const noteSchema = z.object({
  version: z.optional(z.string()),
  credentials: z.optional(z.string()),
  failure: z.enum(refreshFailureNames),
  reason: z.string(),
  failures: z.int().check(z.positive()),
  at: time,
  until: time,
});

/** Nothing for what is no note. */
export function readNote(text: string): FailureNote | undefined {
  const note = z.safeParse(z.pipe(z.transform(parseJson), noteSchema), text).data;
  if (!note) return undefined;
  const { version, credentials, ...rest } = note;
  return { ...rest, version, credentials };
}

export function writeNote({ at, until, ...rest }: FailureNote): string {
  return JSON.stringify({ ...rest, at: new Date(at).toISOString(), until: new Date(until).toISOString() });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What passes by itself is tried again soon; what somebody has to mend, ever more rarely. */
const pauses = {
  passing: { firstMs: 15_000, mostMs: 15 * 60_000 },
  lasting: { firstMs: 60_000, mostMs: 60 * 60_000 },
};
const passing = new Set<RefreshFailureName>([
  'authorization-unavailable',
  'authorization-invalid',
  'token-untried',
]);

/** Whether a failure may be over without anybody doing anything. */
export function passes(failure: RefreshFailureName): boolean {
  return passing.has(failure);
}

/** How long to stay away after so many failures in a row: twice as long each time. */
export function pauseMs(failure: RefreshFailureName, failures: number): number {
  const { firstMs, mostMs } = passes(failure) ? pauses.passing : pauses.lasting;
  return Math.min(firstMs * 2 ** Math.min(failures - 1, 20), mostMs);
}
