/**
 * A JSON value as the Presence service seems to give it back: text, written by Python. Text stays as it is, `true`
 * becomes `True`, an object becomes a dict literal such as `{'a': 1}`.
 */
export function pythonText(value: unknown): string {
  return typeof value === 'string' ? value : pythonRepr(value);
}

/** What Python's `repr` makes of what its `json.loads` read. */
export function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return number(value);
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  const entries = Object.entries(value).map(([key, item]) => `${quoted(key)}: ${pythonRepr(item)}`);
  return `{${entries.join(', ')}}`;
}

function number(value: number): string {
  const text = String(value);
  const size = Math.abs(value);
  // Python writes small fractions in exponents earlier than JavaScript, and exponents in two digits at least.
  const python = size > 0 && size < 1e-4 ? value.toExponential() : text;
  return python.replace(/e([+-])(\d)$/, 'e$10$2');
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[\\'\p{C}\p{Z}]/gu, (char) =>
    char === "'" && quote === '"' ? char : escapeOf(char),
  );
  return `${quote}${escaped}${quote}`;
}

const named = new Map([
  [' ', ' '],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function escapeOf(char: string): string {
  if (char === '\\' || char === "'") return `\\${char}`;
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  const numeric =
    code < 0x100 ? `\\x${hex.padStart(2, '0')}` : code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : undefined;
  return named.get(char) ?? numeric ?? `\\U${hex.padStart(8, '0')}`;
}
