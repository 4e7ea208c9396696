declare global {
  // In V8 since 11.4; TypeScript's own library does not know it yet.
  interface JSON {
    rawJSON(text: string): object;
  }
}

/**
 * JSON in which a number that JavaScript would write otherwise, such as a long id, leaves with the digits that it came
 * with. Such a number is an object here, so this is for what is passed on. Throws as `JSON.parse` does.
 */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, keepDigits);
}

function keepDigits(_: string, value: unknown, { source }: { source?: string } = {}): unknown {
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value;
  return JSON.rawJSON(source);
}
