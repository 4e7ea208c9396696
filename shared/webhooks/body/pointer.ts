/** A place in JSON (RFC 6901): `/ticket/custom_fields/0/value`. */
export const pointerForm = /^(?:\/(?:[^~/]|~[01])*)+$/;

/** The names and numbers that lead to the place. */
export function placeOf(pointer: string): string[] {
  const steps = pointer.split('/').slice(1);
  return steps.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Takes away what stands at a place. */
export function removeAt(json: unknown, [name, ...rest]: readonly string[]): void {
  if (name === undefined || typeof json !== 'object' || json === null || !Object.hasOwn(json, name)) return;
  if (rest.length === 0) Reflect.deleteProperty(json, name);
  else removeAt(Reflect.get(json, name), rest);
}
