const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const opening = new Set(Buffer.from('[{'));
const closing = new Set(Buffer.from(']}'));
const white = new Set(Buffer.from(' \t\n\r'));

/** Whether these bytes, if they are JSON, are an array. */
export function isArray(json: Buffer): boolean {
  return json.find((byte) => !white.has(byte)) === 0x5b;
}

/**
 * The very bytes of the first element of a JSON array, without the white space around them. Nothing for an array without
 * elements, or without an end. Whether the whole is JSON is not looked at.
 */
export function firstElement(array: Buffer): Buffer | undefined {
  let depth = 0;
  let isInString = false;
  const start = array.indexOf('[') + 1;
  for (let at = start; at < array.length; at++) {
    const byte = array[at] ?? 0;
    if (isInString) {
      if (byte === backslash) at++;
      else if (byte === quote) isInString = false;
    } else if (byte === quote) isInString = true;
    else if (opening.has(byte)) depth++;
    else if (depth === 0 && (byte === comma || closing.has(byte))) return trimmed(array.subarray(start, at));
    else if (closing.has(byte)) depth--;
  }
  return undefined;
}

function trimmed(bytes: Buffer): Buffer | undefined {
  const start = bytes.findIndex((byte) => !white.has(byte));
  const end = bytes.findLastIndex((byte) => !white.has(byte));
  return start < 0 ? undefined : bytes.subarray(start, end + 1);
}
