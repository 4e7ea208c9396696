import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { confirm } from '../../../infra/cli/confirm.ts';
import { LeftOff } from '../../../infra/cli/credentials/questions.ts';
import { UsageError } from '../../../infra/command.ts';

async function asked(answer: string, isTTY = true): Promise<string> {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = new PassThrough();
  input.write(`${answer}\n`);
  await confirm('Remove it', 'this wants --yes', { input, output });
  return String(output.read());
}

test.each(['y', 'yes', 'Y', ' YES '])('"%s" is a yes', async (answer) => {
  expect(await asked(answer)).toContain('Remove it (y/N)');
});

test.each(['', 'n', 'no', 'yep', 'ye', 'yes!', 'ja'])('"%s" is none', async (answer) => {
  await expect(asked(answer)).rejects.toThrow(LeftOff);
});

test('where there is nobody to ask, it says what it wants instead', async () => {
  await expect(asked('y', false)).rejects.toThrow(new UsageError('this wants --yes'));
});
