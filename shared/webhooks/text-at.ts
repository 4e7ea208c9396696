/**
 * What stands at a place within JSON, as text, be it a text, a number, `true` or `false`; nothing for anything else:
 * `textAt(data, 'user', 'visitor_id')`.
 */
export function textAt(value: unknown, ...place: readonly (string | number)[]): string | undefined {
  const found = place.reduce<unknown>(within, value);
  return ['string', 'number', 'boolean'].includes(typeof found) ? String(found) : undefined;
}

function within(value: unknown, name: string | number): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
