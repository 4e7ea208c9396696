import { width, wrapped } from '../lines.ts';
import type { Outcome } from './forgetting.ts';
import type { Person } from './person.ts';

/** What the first look found. */
export interface Finding {
  readonly objects: number;
  readonly lines: number;
}

interface Report {
  readonly found: Finding;
  readonly outcome: Outcome;
  readonly person: Person;
  readonly dryRun: boolean;
  readonly interrupted: boolean;
  /** The only one that was looked at; undefined: all were. */
  readonly group?: string | undefined;
  /** How the records of the person are removed, as it is typed. */
  readonly signals: string;
}

/** One line of JSON. */
export function forScripts({ found, outcome, person, dryRun, interrupted }: Report): object {
  const { left, ...counts } = outcome;
  return {
    dryRun,
    interrupted,
    found,
    ...counts,
    digests: person.withoutDigests === undefined,
    left: [...left].map(([key, why]) => ({ key, why })),
  };
}

/** The same for people, with what else there may be. */
export function forPeople(report: Report): string[] {
  return [...whatBecame(report), ...whatWasLeft(report), ...whatStays(report)].flatMap((line) =>
    wrapped(line, width),
  );
}

function whatBecame(report: Report): string[] {
  const { found, outcome, dryRun, interrupted } = report;
  const { looked, rewritten, removed, bytes } = outcome;
  const again = interrupted ? ['Interrupted: run it again for the rest.'] : [];
  if (looked === 0 && outcome.left.size === 0 && !interrupted)
    return [`There are no snapshots${ofGroup(report)}, so nothing was looked through.`];
  const where = `${counted(looked, 'object')} looked through`;
  if (found.lines === 0 && !interrupted) return [`${where}: the person is in none of them.`];
  const were = `the person is in ${found.objects} of them, with ${counted(found.lines, 'line')}`;
  if (rewritten === 0 || dryRun) return [`${where}: ${were}. Nothing was changed.`, ...again];
  const objects = counted(rewritten, 'object was rewritten, and has', 'objects were rewritten, and have');
  return [
    `${where}: ${counted(removed, 'line is', 'lines are')} gone. ${objects} ${bytes} bytes now.`,
    ...again,
  ];
}

function ofGroup({ group }: Report): string {
  return group === undefined ? '' : ` of group ${group}`;
}

function whatWasLeft({ outcome, person }: Report): string[] {
  const { left, unnamed, olderStay } = outcome;
  return [
    ...[...left].map(([key, why]) => `LEFT  ${key}: ${why}.`),
    ...(unnamed > 0
      ? [`${counted(unnamed, 'line has', 'lines have')} no visitor id: nobody can tell whose they are.`]
      : []),
    ...(person.withoutDigests !== undefined
      ? [`Digests of the id were not looked for: ${person.withoutDigests}.`]
      : []),
    ...(olderStay > 0
      ? [
          `${counted(olderStay, 'object that was replaced is', 'objects that were replaced are')} still there as an older version, for a day or two: s3:DeleteObjectVersion would remove it at once.`,
        ]
      : []),
  ];
}

function whatStays({ outcome, dryRun, signals }: Report): string[] {
  if (dryRun) return [];
  return [
    '',
    'What else there may be of the person; docs/privacy.md tells more:',
    `- records of signals: ${signals}`,
    '- hashes of ids under state/, gone after two days',
    '- what Athena answered, under results/, gone after seven days',
    '- events that told of arrivals and departures, with whoever got them',
    '- whoever is on the site now will be in the next snapshot',
    ...(outcome.rewritten > 0 ? ['The bucket counts the age of rewritten objects from now on.'] : []),
  ];
}

/** `1 line`, `2 lines`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
