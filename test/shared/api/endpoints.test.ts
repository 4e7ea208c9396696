import { describe, expect, test } from 'vitest';
import { endpointFunctions } from '../../../infra/functions.ts';
import { type Endpoint, endpoints, grantable, methodsAt } from '../../../shared/api/endpoints.ts';

const all: readonly Endpoint[] = endpoints;

describe('of the endpoints', () => {
  test('each is served by one function', () => {
    const served = endpointFunctions.flatMap((spec) => spec.endpoints.map(({ name }) => name));
    expect(served.toSorted()).toEqual(all.map(({ name }) => name).toSorted());
  });

  test('each can be told from all others', () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    expect(new Set(all.map(({ method, path }) => `${method} ${path}`)).size).toBe(all.length);
  });

  test('each is granted by its name, or by that of another', () => {
    const byName = all.filter(({ grantedBy }) => grantedBy === undefined);
    expect(grantable.map(({ name }) => name)).toEqual(byName.map(({ name }) => name));
    const names: readonly string[] = grantable.map(({ name }) => name);
    for (const { grantedBy } of all) if (grantedBy !== undefined) expect(names).toContain(grantedBy);
  });

  test.for(endpointFunctions)(
    'those of the function $name go to the same callers, in the same way',
    (spec) => {
      const ways = spec.endpoints.map(({ name, grantedBy = name, streams }) => `${grantedBy} ${streams}`);
      expect(new Set(ways).size).toBe(1);
    },
  );

  test('each reads what stands in the braces of its path', () => {
    for (const { path, parameters } of all) {
      const braces = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name);
      expect(Object.keys(parameters?.def.shape ?? {})).toEqual(braces);
    }
  });

  test('those of one path are named together', () => {
    expect(methodsAt('/signals/{id}')).toBe('GET, DELETE');
    expect(methodsAt('/signalvisitor')).toBe('POST');
  });
});
