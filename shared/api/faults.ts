import type { Flaw } from '../runtime/issues.ts';
import { type Fault, Problem } from './problem.ts';

export function inQuery({ path, detail }: Flaw): Fault {
  return { detail, parameter: String(path[0] ?? '') };
}

/** With a JSON pointer as URI fragment (RFC 6901, section 6), as RFC 9457 shows it. */
export function inBody({ path, detail }: Flaw): Fault {
  const tokens = path.map((key) => String(key).replaceAll('~', '~0').replaceAll('/', '~1'));
  return {
    detail,
    pointer: `#${tokens.map((token) => `/${encodeURIComponent(token.toWellFormed())}`).join('')}`,
  };
}

export function invalidRequest(faults: readonly Fault[]): Problem {
  return new Problem('invalid-request', 'The request has faults; see "errors".', { faults });
}
