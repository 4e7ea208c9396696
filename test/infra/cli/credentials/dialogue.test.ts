import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { askCredentials } from '../../../../infra/cli/credentials/dialogue.ts';
import { LeftOff, Questions } from '../../../../infra/cli/credentials/questions.ts';
import type { Credentials } from '../../../../shared/authorization/credentials.ts';

const controlC = '\x03';
const controlD = '\x04';

/** Somebody at a terminal. */
function terminal() {
  const input = new PassThrough();
  const output = new PassThrough();
  let shown = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  const questions = new Questions(input, output);
  onTestFinished(() => questions[Symbol.dispose]());
  const target = { groupid: '12345', secret: 'presence-relay/prod/12345/credentials' };
  return {
    /** All that is to be read, without what moves the cursor. */
    shown: () => stripVTControlCharacters(shown),
    asked: askCredentials(questions, target),
    /** Types the text as soon as this is asked. */
    async type(text: string, question: string) {
      await expect.poll(() => shown.slice(-120)).toContain(question);
      shown += '|';
      input.write(text);
    },
    paste: (text: string) => void input.write(text),
  };
}

describe('Each kind of credentials is asked for with its fields,', () => {
  test.for<[string, [question: string, answer: string][], Credentials]>([
    [
      'user name and password',
      [
        ['Which, 1 to 4', '1'],
        ['User name', 'ada'],
        ['Password', ' secret-1 '],
      ],
      { username: 'ada', password: ' secret-1 ' },
    ],
    [
      'user name and API key',
      [
        ['Which, 1 to 4', '2'],
        ['User name', 'ada'],
        ['API key', 'secret-1 '],
        ['Partner id (Enter: the group id)', ''],
      ],
      { username: 'ada', apikey: 'secret-1' },
    ],
    [
      'partner user id and API key',
      [
        ['Which, 1 to 4', ' 3'],
        ['Partner user id', 'ada'],
        ['API key', 'secret-1'],
        ['Partner id (Enter: the group id)', '777'],
      ],
      { partneruserid: 'ada', apikey: 'secret-1', partnerid: '777' },
    ],
    [
      'user name and Glance for Salesforce credentials',
      [
        ['Which, 1 to 4', '4'],
        ['User name', 'ada'],
        ['(32 characters)', 'secret-1secret-1secret-1secret-1'],
      ],
      { username: 'ada', g4scredentials: 'secret-1secret-1secret-1secret-1' },
    ],
  ])('%s, and what is secret is never shown', async ([words, answers, credentials]) => {
    const { type, asked, shown } = terminal();
    for (const [question, answer] of answers) await type(`${answer}\r`, question);
    await type('\r', 'Enter goes on, Ctrl-C changes nothing');
    expect(await asked).toEqual(credentials);
    expect(shown()).toContain(`The ${words} will be stored in the secret`);
    expect(shown()).toContain('presence-relay/prod/12345/credentials, in place of what it holds');
    expect(shown()).toContain('ada');
    expect(shown()).not.toContain('secret-1');
  });
});

test('What is typed can be mended', async () => {
  const { type, asked } = terminal();
  await type('1\r', 'Which');
  await type('adx\x7fa\r', 'User name');
  await type('secret-2\x7f1\r', 'Password');
  await type('\r', 'Enter goes on');
  expect(await asked).toEqual({ username: 'ada', password: 'secret-1' });
});

test('A kind that there is not is asked for again', async () => {
  const { type, asked } = terminal();
  await type('5\r', 'Which');
  await type('me\r', 'Which');
  await type('1\r', 'Which');
  await type('ada\r', 'User name');
  await type('secret-1\r', 'Password');
  await type('\r', 'Enter goes on');
  expect(await asked).toEqual({ username: 'ada', password: 'secret-1' });
});

test('Fields that cannot be credentials are told, and asked for again', async () => {
  const { type, asked, shown } = terminal();
  await type('4\r', 'Which');
  await type('\r', 'User name');
  await type('secret-1\r', '32 characters');
  await type('ada\r', 'User name');
  expect(shown()).toContain(
    'That is malformed: username: must not be empty; g4scredentials: must have 32 characters. Once more:',
  );
  await type('secret-1secret-1secret-1secret-1\r', '32 characters');
  await type('\r', 'Enter goes on');
  expect(await asked).toMatchObject({ username: 'ada' });
  expect(shown()).not.toContain('secret-1');
});

test('Lines that are pasted all at once are taken, and not shown', async () => {
  const { paste, asked, shown } = terminal();
  paste('1\rada\rsecret-1\r\r');
  expect(await asked).toEqual({ username: 'ada', password: 'secret-1' });
  expect(shown()).not.toContain('secret-1');
});

test('The arrow keys do not call back what was secret', async () => {
  const { type, asked, shown } = terminal();
  await type('2\r', 'Which');
  await type('ada\r', 'User name');
  await type('secret-1\r', 'API key');
  await type('\x1b[A\x1b[A777\r', 'Partner id');
  await type('\r', 'Enter goes on');
  expect(await asked).toEqual({ username: 'ada', apikey: 'secret-1', partnerid: '777' });
  expect(shown()).not.toContain('secret-1');
});

describe('It is left off', () => {
  test.for([
    ['by Ctrl-C', controlC],
    ['at the end of the input', controlD],
  ] as const)('%s, at any question', async ([, key]) => {
    const answers = [
      ['1', 'Which'],
      ['ada', 'User name'],
      ['secret-1', 'Password'],
    ] as const;
    for (let given = 0; given <= answers.length; given += 1) {
      const { type, asked, shown } = terminal();
      const left = expect(asked).rejects.toThrow(LeftOff);
      for (const [answer, question] of answers.slice(0, given)) await type(`${answer}\r`, question);
      await type(key, answers[given]?.[1] ?? 'Enter goes on');
      await left;
      expect(shown()).not.toContain('secret-1');
    }
  });

  test('by any other answer than Enter to what is going to be done', async () => {
    const { type, asked } = terminal();
    const left = expect(asked).rejects.toThrow(LeftOff);
    await type('1\r', 'Which');
    await type('ada\r', 'User name');
    await type('secret-1\r', 'Password');
    await type('no\r', 'Enter goes on');
    await left;
  });
});
