/** What a visitor of an answer is, in the plainest way: all at once, with JSON.parse for whatever matters. */
export interface ReferenceVisitor {
  readonly text: string;
  readonly id: string | undefined;
}

/** Nothing if the answer is no JSON, or of no known shape. */
export function referenceVisitors(answer: string): ReferenceVisitor[] | undefined {
  if (!isJson(answer)) return undefined;
  const text = answer.trim();
  if (text.startsWith('[')) return partsOf(text).map(({ value }) => ({ text: value, id: ownId(value) }));
  if (!text.startsWith('{')) return undefined;
  const members = partsOf(text);
  if (members.every(({ value }) => value.startsWith('{'))) {
    if (members.length === 1 && members[0]?.key === 'visitors') return undefined;
    return members.map(({ key, value }) => ({ text: value, id: key || undefined }));
  }
  if (members[0]?.value.startsWith('{')) return undefined;
  const list = members.findIndex(({ key, value }) => key === 'visitors' && value.startsWith('['));
  if (list < 0 || members.slice(list + 1).some(({ key }) => key === 'visitors')) return undefined;
  return referenceVisitors(members[list]?.value ?? '');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function ownId(text: string): string | undefined {
  if (!text.startsWith('{')) return undefined;
  const last = partsOf(text).findLast(({ key }) => key === 'visitorid')?.value ?? 'null';
  if (last.startsWith('"')) return JSON.parse(last) || undefined;
  return /^[-\d]/.test(last) ? last : undefined;
}

export interface Part {
  readonly key: string | undefined;
  readonly rawKey: string;
  readonly value: string;
}

/** The elements of an array, or the members of an object, each in its own text. */
export function partsOf(text: string): Part[] {
  return separated(tokensOf(text).slice(1, -1), ',').map((part) => {
    const [key, value] = separated(part, ':');
    if (!key || !value) return { key: undefined, rawKey: '', value: part.join('').trim() };
    const rawKey = key.join('').trim();
    return { key: JSON.parse(rawKey), rawKey, value: value.join('').trim() };
  });
}

function tokensOf(text: string): string[] {
  return text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|\s+|[^"[\]{},:\s]+/gs) ?? [];
}

/** What stands between separators that are inside no brackets; nothing if there are but blanks. */
function separated(tokens: readonly string[], separator: string): string[][] {
  if (tokens.join('').trim() === '') return [];
  const parts: string[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (/^[[{]/.test(token)) depth += 1;
    if (/^[\]}]/.test(token)) depth -= 1;
    if (depth === 0 && token === separator) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}
