import type { Manifest } from '../../../shared/snapshots/manifest.ts';
import type { PageCount } from './page.ts';
import type { Series } from './series.ts';
import type { Summary } from './summary.ts';

/** On which pages visitors were. */
export interface TopPages {
  readonly top: readonly PageCount[];
  /** Visitors that were counted, once for each snapshot; of them, those without a page. */
  readonly visitors: number;
  readonly without: number;
  /** Of pages that were not counted apart any more, there being too many different ones. */
  readonly beyond: number;
  /** How many snapshots were read, of so many; and how many could not be. */
  readonly read: number;
  readonly of: number;
  readonly unreadable: number;
}

/** What there is to tell of a range. */
export interface History {
  readonly groupid: string;
  /** Where it is from: `the local run`, `stage prod`. */
  readonly from: string;
  readonly manifests: readonly Manifest[];
  readonly series: Series;
  readonly summary: Summary;
  /** Manifests that this release cannot read. */
  readonly unreadable: number;
  /** Undefined: nobody asked for them. */
  readonly pages?: TopPages | 'not kept';
}

/** Of all visitors that were counted. */
export function shareOf({ visitors }: PageCount, pages: TopPages): number {
  return visitors / pages.visitors;
}
