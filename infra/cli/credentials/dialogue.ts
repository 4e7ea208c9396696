import {
  type Credentials,
  CredentialsFault,
  readCredentials,
} from '../../../shared/authorization/credentials.ts';
import { type Field, type Kind, kinds, wordsFor } from './kinds.ts';
import { LeftOff, type Questions } from './questions.ts';

interface Target {
  readonly groupid: string;
  /** Name or ARN of the secret that will hold them. */
  readonly secret: string;
}

/** Asks for the credentials of a group, until they can be some, and whether to go on. Throws `LeftOff`. */
export async function askCredentials(
  questions: Questions,
  { groupid, secret }: Target,
): Promise<Credentials> {
  questions.say(`With what does group ${groupid} get its tokens?\n`);
  for (const [index, { words }] of kinds.entries()) questions.say(`  ${index + 1}  ${words}`);
  questions.say('');
  const { fields } = await askKind(questions);
  const credentials = await askFields(questions, fields);
  questions.say(`
The ${wordsFor(credentials)} will be stored in the secret
${secret}, in place of what it holds.
Then the relay gets a token for them, and tries it; until it has one that works, it keeps the one it has.
`);
  // What was typed or pasted once too often may be the secret.
  const answer = await questions.askUnseen('Enter goes on, Ctrl-C changes nothing');
  if (!/^(y|yes)?$/i.test(answer.trim())) throw new LeftOff('not wanted');
  return credentials;
}

async function askKind(questions: Questions): Promise<Kind> {
  for (;;) {
    const answer = await questions.ask(`Which, 1 to ${kinds.length}`);
    const kind = /^\d$/.test(answer.trim()) ? kinds[Number(answer) - 1] : undefined;
    if (kind) return kind;
  }
}

async function askFields(questions: Questions, fields: readonly Field[]): Promise<Credentials> {
  for (;;) {
    const answers: Record<string, string> = {};
    for (const field of fields) {
      const answer = await askField(questions, field);
      if (answer !== '' || !field.optional) answers[field.key] = answer;
    }
    try {
      return readCredentials(JSON.stringify(answers));
    } catch (error) {
      if (!(error instanceof CredentialsFault)) throw error;
      questions.say(`\nThat ${error.message}. Once more:`);
    }
  }
}

/** Blanks around it come with pasting; only a password may have some of its own. */
async function askField(questions: Questions, { key, question, hidden }: Field): Promise<string> {
  const answer = hidden
    ? await questions.askUnseen(`${question} (is not shown)`)
    : await questions.ask(question);
  return key === 'password' ? answer : answer.trim();
}
