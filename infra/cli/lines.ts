import type { Step, Verdict } from './report.ts';

const marks: Record<Verdict, string> = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL', skipped: 'skip' };
/** Of what these programs print. */
export const width = 110;
const indent = ' '.repeat(22);

/** Steps as people read them, each as soon as it is done. */
export class Lines {
  readonly #print: (line: string) => void;
  readonly #hints = new Set<string>();
  /** Skipped for one and the same reason, which is told once. */
  #skipped: Step[] = [];

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  step(step: Step): void {
    const [first] = this.#skipped;
    if (first && first.says !== step.says) this.#flush();
    if (step.verdict === 'skipped') this.#skipped.push(step);
    else this.#write(step.verdict, step.name, step.says, step.hint);
  }

  end(conclusion: string): void {
    this.#flush();
    this.#print('');
    for (const line of wrapped(conclusion, width)) this.#print(line);
  }

  #flush(): void {
    const [first] = this.#skipped;
    const names = this.#skipped.map(({ name }) => name);
    this.#skipped = [];
    if (!first) return;
    const isOne = names.length === 1;
    const says = isOne ? first.says : `${first.says}: ${names.join(', ')}`;
    this.#write('skipped', isOne ? first.name : `${names.length} steps`, says, first.hint);
  }

  #write(verdict: Verdict, name: string, says: string, hint?: string): void {
    const [line = '', ...more] = wrapped(says, width - indent.length);
    this.#print(`${marks[verdict]}  ${name.padEnd(16)}${line}`);
    for (const next of more) this.#print(indent + next);
    if (hint === undefined || this.#hints.has(hint)) return;
    this.#hints.add(hint);
    const [begin = '', ...rest] = wrapped(hint, width - indent.length - 2);
    this.#print(`${indent}→ ${begin}`);
    for (const next of rest) this.#print(`${indent}  ${next}`);
  }
}

/**
 * One line of a terminal that the next one replaces; without a text, it goes away. Where standard error is no terminal,
 * nobody sees it.
 */
export function changingLine(terminal: NodeJS.WriteStream = process.stderr): (text?: string) => void {
  if (!terminal.isTTY) return () => {};
  return (text = '') => void terminal.write(`\r\x1b[K${text.slice(0, (terminal.columns || width) - 1)}`);
}

/** How much is done, as `######....  12 of 20`. What SQS counts is never quite right: more than all is all. */
export function bar(done: number, all: number): string {
  const most = Math.max(done, all, 1);
  const marks = Math.round((done / most) * barWidth);
  return `${'#'.repeat(marks)}${'.'.repeat(barWidth - marks)}  ${done} of ${most}`;
}

const barWidth = 40;

/** Between words; a word that is longer than a line stays whole. */
export function wrapped(text: string, most: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + 1 + word.length > most) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}
