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
  /** How many of them do not pass by themselves. */
  readonly lasting?: number | undefined;
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
  lasting: z.optional(z.int().check(z.nonnegative())),
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

const passing = new Set<RefreshFailureName>([
  'authorization-unavailable',
  'authorization-invalid',
  'token-untried',
]);

/** Whether a failure may be over without anybody doing anything. */
export function passes(failure: RefreshFailureName): boolean {
  return passing.has(failure);
}

const aMinute = 60_000;

/**
 * How long to stay away after so many failures of the kind in a row. What passes by itself is tried again soon, what
 * somebody has to mend ever more rarely; and each failure writes a version of the secret, of which Secrets Manager has
 * room for some 140 a day.
 */
export function pauseMs(failure: RefreshFailureName, times: number): number {
  const doubled = 2 ** Math.min(times - 1, 20);
  if (!passes(failure)) return Math.min(aMinute * doubled, 60 * aMinute);
  return times > 30 ? 15 * aMinute : Math.min(0.25 * aMinute * doubled, 5 * aMinute);
}
