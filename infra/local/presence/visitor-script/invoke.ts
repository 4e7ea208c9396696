const callable = /^(?:GLANCE|GLANCE_COBROWSE\.Custom)\./;
const neverEntered = new Set(['__proto__', 'prototype', 'constructor']);

/**
 * Calls the function that an agent named, with one object that says `remote: true`. False when it is not below
 * `GLANCE.` or `GLANCE_COBROWSE.Custom.`, or is not there: only what the page itself put there can be reached.
 */
export function invoke(root: object, data: unknown): boolean {
  const { func, args } = Object(data) as { func?: unknown; args?: unknown };
  if (typeof func !== 'string' || !callable.test(func)) return false;
  const path = func.split('.');
  const name = path.pop() ?? '';
  const owner = path.reduce<unknown>(ownProperty, root);
  const target = ownProperty(owner, name);
  if (typeof target !== 'function') return false;
  target.call(owner, { ...Object(args), remote: true });
  return true;
}

function ownProperty(owner: unknown, name: string): unknown {
  const holds = (typeof owner === 'object' && owner !== null) || typeof owner === 'function';
  if (!holds || neverEntered.has(name) || !Object.hasOwn(owner, name)) return undefined;
  return (owner as Record<string, unknown>)[name]; // it was just seen to have it
}
