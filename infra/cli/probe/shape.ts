type JsonObject = Readonly<Record<string, unknown>>;

const mostNames = 20;
/** Longer ones, and those with other characters, may be anything that a page put there, escape sequences included. */
const speakable = /^[A-Za-z_][\w.-]{0,39}$/;

/** Which keys an answer holds, and of what kind their values are: `{directserver: text, visitorfound: true}`. */
export function shapeOf(text: string, unspeakable: ReadonlySet<string>): string {
  if (text.trim() === '') return 'an empty body';
  const value: unknown = JSON.parse(text);
  return isObject(value) ? shapeOfObject(value, unspeakable) : kindOf(value);
}

function shapeOfObject(object: JsonObject, unspeakable: ReadonlySet<string>, isInner = false): string {
  const count = Object.keys(object).length;
  if (count > 0 && !isFamiliar(object)) return `an object with ${count} unknown keys`;
  const kindAt = (name: string) => {
    const value = object[name];
    if (name !== 'visitorfound' || isInner) return kindOf(value);
    // Glance's own flag: what it says is no data of a visitor, and an older shape has the server in it.
    return isObject(value) ? shapeOfObject(value, unspeakable, true) : flagOf(value);
  };
  return `{${namesOf(Object.keys(object), unspeakable, (name) => `${name}: ${kindAt(name)}`)}}`;
}

const familiarKeys = [
  'visitorid',
  'visitorpresent',
  'timestamp',
  'directserver',
  'direct',
  'ds',
  'url',
  'browser',
  'err',
];

/**
 * Whether the keys of an object are those of a visitor, or of an answer about one. Where they are not, they may be ids:
 * `{"<group>": {"<visitor id>": {…}}}`.
 */
export function isFamiliar(object: JsonObject): boolean {
  return (
    'visitorfound' in object ||
    familiarKeys.some((key) => Object.hasOwn(object, key) && !isObject(object[key]))
  );
}

/** At most 20 names in their order, each as `write` has it, and how many there are beside them. */
export function namesOf(
  keys: Iterable<string>,
  unspeakable: ReadonlySet<string>,
  write = (name: string) => name,
): string {
  const all = [...new Set(keys)];
  const named = all
    .filter((key) => speakable.test(key) && !unspeakable.has(key))
    .sort()
    .slice(0, mostNames);
  const rest = all.length - named.length;
  return [...named.map(write), ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function flagOf(value: unknown): string {
  return typeof value === 'boolean' ? String(value) : kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'string' ? 'text' : typeof value;
}
