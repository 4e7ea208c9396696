declare global {
  // In V8 since 11.4; TypeScript's own library does not know it yet.
  interface JSON {
    rawJSON(text: string): object;
  }
}

export interface Json {
  /** As JavaScript reads it; this is what is looked at. */
  readonly plain: unknown;
  /** With every number as it was written, which JSON.stringify writes so again; this is what is passed on. */
  readonly exact: unknown;
}

/** Throws when the text is no JSON. */
export function parseJson(text: string): Json {
  return { plain: JSON.parse(text), exact: JSON.parse(text, keepDigits) };
}

function keepDigits(_: string, value: unknown, { source }: { source?: string } = {}): unknown {
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value;
  return JSON.rawJSON(source);
}
