import { readToken, type Token, TokenFault } from '../../../shared/presence/token.ts';
import { AwsTrouble } from '../aws.ts';
import { type Finding, finding } from '../report.ts';

/** Where the text of a token secret comes from. */
export interface TokenText {
  /** `secret presence-relay/prod/12345/token`, `standard input`. */
  readonly called: string;
  /** How a token gets there. */
  readonly put: string;
  /** Throws `AwsTrouble`. */
  read(): Promise<string>;
}

/** The token that the relay would use, and what there is to say about it; nothing where the relay would use none. */
export async function lookAtToken(
  { called, put, read }: TokenText,
  now: number,
): Promise<{ token: Token | undefined; found: Finding }> {
  try {
    const text = await read();
    const token = readToken(text);
    return judge(token, `${called}: ${formOf(text)}`, put, now);
  } catch (error) {
    if (error instanceof AwsTrouble) return unusable(`${called} ${error.message}`, error.hint);
    if (error instanceof TokenFault) return unusable(`${called} ${error.message}`, put);
    throw error;
  }
}

function formOf(text: string): string {
  return text.trim().startsWith('{') ? 'JSON with a token' : 'a raw JWT';
}

const aMinute = 60_000;
const shortMinutes = 5;

function judge(token: Token, says: string, put: string, now: number) {
  const { expiresAt } = token;
  if (expiresAt === undefined)
    return { token, found: finding('ok', `${says}; it does not say when it ends`) };
  const minutes = Math.floor((expiresAt - now) / aMinute);
  if (expiresAt <= now)
    return unusable(`${says}, which expired at ${new Date(expiresAt).toISOString()}`, put);
  const left = `${says}; ${minutes} min left`;
  return { token, found: minutes < shortMinutes ? finding('warn', left, put) : finding('ok', left) };
}

function unusable(says: string, hint: string) {
  return { token: undefined, found: finding('fail', says, hint) };
}
