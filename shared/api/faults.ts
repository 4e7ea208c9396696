import type { Flaw } from '../runtime/flaws.ts';
import { type Fault, Problem } from './problem.ts';

export function inQuery({ path, detail }: Flaw): Fault {
  return { detail, parameter: String(path[0] ?? '') };
}

export function inHeader(header: string, { detail }: Flaw): Fault {
  return { detail, header };
}

/** With a JSON pointer as URI fragment (RFC 6901, section 6), as RFC 9457 shows it. */
export function inBody({ path, detail }: Flaw): Fault {
  const tokens = path.map((key) => String(key).replaceAll('~', '~0').replaceAll('/', '~1'));
  return {
    detail,
    pointer: `#${tokens.map((token) => `/${encodeURIComponent(token.toWellFormed())}`).join('')}`,
  };
}

const mostFaults = 50;

export function invalidRequest(faults: readonly Fault[]): Problem {
  const detail =
    faults.length > mostFaults
      ? `The request has ${faults.length} faults; "errors" names the first ${mostFaults}.`
      : 'The request has faults; see "errors".';
  return new Problem('invalid-request', detail, { faults: faults.slice(0, mostFaults) });
}
