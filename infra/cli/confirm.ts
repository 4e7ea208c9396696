import { UsageError } from '../command.ts';
import { LeftOff, Questions } from './credentials/questions.ts';

interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/**
 * Asks before something is done that nobody can undo. Throws `LeftOff` unless the answer is yes, and a UsageError, which
 * says what is wanted, where there is nobody to ask.
 */
export async function confirm(
  question: string,
  wanted: string,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (!input.isTTY) throw new UsageError(wanted);
  using questions = new Questions(input, output);
  const answer = await questions.ask(`${question} (y/N)`);
  if (!/^y(es)?$/i.test(answer.trim())) throw new LeftOff('not wanted');
}
