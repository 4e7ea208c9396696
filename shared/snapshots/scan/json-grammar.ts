/** Where in a JSON text (RFC 8259) a byte can stand. */
export const states = {
  refused: 0,
  value: 1,
  /** After `[`: a value, or its end. */
  firstElement: 2,
  /** After `{`: a key, or its end. */
  firstKey: 3,
  key: 4,
  colon: 5,
  /** After a value in an object. */
  afterMember: 6,
  /** After a value in an array. */
  afterElement: 7,
  text: 8,
  escape: 9,
  hex1: 10,
  hex2: 11,
  hex3: 12,
  hex4: 13,
  minus: 14,
  zero: 15,
  integer: 16,
  point: 17,
  fraction: 18,
  exponent: 19,
  exponentSign: 20,
  exponentDigits: 21,
  t: 22,
  tr: 23,
  f: 24,
  fa: 25,
  fal: 26,
  n: 27,
  nu: 28,
  /** Before the last letter of `true` and `false`. */
  lastE: 29,
  /** Before the last letter of `null`. */
  lastL: 30,
  /** After the one value that the text is. */
  over: 31,
} as const;

/** What a byte means beyond the next state. Their numbers follow those of the states. */
export const actions = {
  keyStart: 32,
  textStart: 33,
  textOn: 34,
  refuse: 35,
  openObject: 36,
  openArray: 37,
  closeObject: 38,
  closeArray: 39,
  textEnd: 40,
  escape: 41,
  /** The first byte of a number or a literal. */
  scalarStart: 42,
  /** The first byte after a number. */
  numberEnd: 43,
  literalEnd: 44,
  lineBreak: 45,
} as const;

/** Every number below is a state to go to, all others are actions. */
export const firstAction: number = actions.keyStart;

/** Those up to here are followed by text. */
export const lastBeforeText: number = actions.textOn;

/** For a state and a byte, at `state * 256 + byte`: the next state, or an action. */
export const grammar = new Uint8Array(32 * 256).fill(actions.refuse);

/** For the first byte of a number or a literal: the state that it leads to. */
export const scalarStates = new Uint8Array(256);

function on(state: number, characters: string, step: number): void {
  for (const character of characters) grammar[state * 256 + character.charCodeAt(0)] = step;
}

const digits = '0123456789';
const white = ' \t';
const { text, hex1, hex2, hex3, hex4 } = states;

for (const state of [states.value, states.firstElement]) {
  on(state, '{', actions.openObject);
  on(state, '[', actions.openArray);
  on(state, '"', actions.textStart);
  on(state, `-${digits}tfn`, actions.scalarStart);
}
for (const [first, state] of [
  ['-', states.minus],
  ['0', states.zero],
  ['t', states.t],
  ['f', states.f],
  ['n', states.n],
  ...[...'123456789'].map((digit) => [digit, states.integer] as const),
] as const) {
  scalarStates[first.charCodeAt(0)] = state;
}

on(states.firstElement, ']', actions.closeArray);
on(states.firstKey, '}', actions.closeObject);
for (const state of [states.firstKey, states.key]) on(state, '"', actions.keyStart);
on(states.colon, ':', states.value);
on(states.afterMember, ',', states.key);
on(states.afterMember, '}', actions.closeObject);
on(states.afterElement, ',', states.value);
on(states.afterElement, ']', actions.closeArray);

for (const state of [
  states.value,
  states.firstElement,
  states.firstKey,
  states.key,
  states.colon,
  states.afterMember,
  states.afterElement,
  states.over,
]) {
  on(state, white, state);
  on(state, '\n\r', actions.lineBreak);
}

grammar.fill(actions.textOn, text * 256 + 0x20, text * 256 + 0x100);
on(text, '"', actions.textEnd);
on(text, '\\', actions.escape);
on(states.escape, '"\\/bfnrt', text);
on(states.escape, 'u', hex1);
for (const [state, next] of [
  [hex1, hex2],
  [hex2, hex3],
  [hex3, hex4],
  [hex4, text],
] as const) {
  on(state, `${digits}abcdefABCDEF`, next);
}

for (const state of [states.zero, states.integer, states.fraction, states.exponentDigits]) {
  on(state, `${white}\n\r,]}`, actions.numberEnd);
}
on(states.minus, '0', states.zero);
on(states.minus, '123456789', states.integer);
on(states.integer, digits, states.integer);
for (const state of [states.zero, states.integer]) on(state, '.', states.point);
for (const state of [states.point, states.fraction]) on(state, digits, states.fraction);
for (const state of [states.zero, states.integer, states.fraction]) on(state, 'eE', states.exponent);
on(states.exponent, '+-', states.exponentSign);
for (const state of [states.exponent, states.exponentSign, states.exponentDigits]) {
  on(state, digits, states.exponentDigits);
}

on(states.t, 'r', states.tr);
on(states.tr, 'u', states.lastE);
on(states.f, 'a', states.fa);
on(states.fa, 'l', states.fal);
on(states.fal, 's', states.lastE);
on(states.n, 'u', states.nu);
on(states.nu, 'l', states.lastL);
on(states.lastE, 'e', actions.literalEnd);
on(states.lastL, 'l', actions.literalEnd);
