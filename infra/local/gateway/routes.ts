import { Problem } from '../../../shared/api/problem.ts';
import { unknownMethod, unknownPath } from '../../../shared/api/unknown.ts';
import type { LocalFunction } from '../lambda/function.ts';

/** A method of a resource and the function that it is integrated with. */
export interface Route {
  /** `ANY`: those that no other route of the resource has. */
  readonly method: string;
  /** As API Gateway writes it: `/signals/{id}`. */
  readonly resource: string;
  readonly function: LocalFunction;
  /** Response-transfer mode STREAM. */
  readonly streams: boolean;
  /** Nobody has to say who calls; `false` means authorization by IAM. */
  readonly isOpen: boolean;
}

export interface RouteMatch {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>> | null;
}

/** Throws `Problem`: `not-found`, or `method-not-allowed` with the methods that there are. */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch {
  const matches = matchesAt(routes, path);
  const of = (wanted: string) => matches.find(({ route }) => route.method === wanted);
  const match = of(method) ?? of('ANY');
  if (!match) throw unknownMethod(methodsOf(matches));
  return {
    route: match.route,
    pathParameters: match.parameters.length > 0 ? decoded(match.parameters) : null,
  };
}

/**
 * Those of the path, as a header lists them: `GET, POST`; nothing where all of them are served. Throws `Problem`:
 * `not-found`.
 */
export function methodsAt(routes: readonly Route[], path: string): string | undefined {
  const matches = matchesAt(routes, path);
  return matches.some(({ route }) => route.method === 'ANY') ? undefined : methodsOf(matches);
}

interface PathMatch {
  readonly route: Route;
  readonly parameters: readonly Pair[];
}

function matchesAt(routes: readonly Route[], path: string): PathMatch[] {
  const matches = routes.flatMap((route) => {
    const parameters = pathParameters(route.resource, path);
    return parameters ? [{ route, parameters }] : [];
  });
  if (matches.length === 0) throw unknownPath();
  return matches;
}

function methodsOf(matches: readonly PathMatch[]): string {
  return matches.map(({ route }) => route.method).join(', ');
}

type Pair = readonly [name: string, value: string];

/** Undefined when the path is not of this resource. */
function pathParameters(resource: string, path: string): Pair[] | undefined {
  const segments = path.split('/');
  const names = resource.split('/');
  if (segments.length !== names.length) return undefined;
  const pairs: Pair[] = [];
  for (const [i, name] of names.entries()) {
    const segment = segments[i] ?? '';
    if (name.startsWith('{') && segment) pairs.push([name.slice(1, -1), segment]);
    else if (name !== segment) return undefined;
  }
  return pairs;
}

function decoded(pairs: readonly Pair[]): Record<string, string> {
  try {
    return Object.fromEntries(pairs.map(([name, value]) => [name, decodeURIComponent(value)]));
  } catch {
    throw new Problem('invalid-request', 'The path is not well encoded.');
  }
}
