import { expect, test, vi } from 'vitest';
import { CdkError, runCdk } from '../../infra/cdk.ts';

test('the CDK of this package runs, and each line that it says is heard', async () => {
  const lines: string[] = [];
  await runCdk(['--version'], { line: (text) => lines.push(text) });
  expect(lines).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+ \(build /)]);
});

test('what it cannot do is an error that has its own words', async () => {
  const failed = runCdk(['deploy', '--app', '/nowhere-at-all', '--build', '']);
  await expect(failed).rejects.toThrow('cdk deploy failed');
  const error = await failed.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CdkError);
  expect((error as CdkError).lines.join('\n')).toContain('/nowhere-at-all'); // as just said
});

test.each([true, false])(
  'it is ended by its signal, with what it has started (shielded: %s)',
  async (shielded) => {
    const stop = new AbortController();
    const pids: number[] = [];
    const line = (text: string) => {
      pids.push(...(/^started (\d+)$/.exec(text) ?? []).slice(1).map(Number));
      if (pids.length > 0) stop.abort(new Error('enough'));
    };
    const app = `${process.execPath} -e "console.log('started ' + process.pid); setTimeout(() => {}, ${shielded ? 60_000 : 1_000})"`;
    const run = runCdk(['synth', '--quiet', '--build', '', '--app', app], {
      signal: stop.signal,
      line,
      shielded,
    });
    await expect(run).rejects.toThrow('enough');
    await vi.waitFor(() => expect(() => process.kill(pids[0] ?? 0, 0)).toThrow('ESRCH'), 5_000);
  },
);

test('it is not begun where its signal was aborted before', async () => {
  const lines: string[] = [];
  const ended = runCdk(['--version'], {
    signal: AbortSignal.abort(new Error('enough')),
    line: (text) => lines.push(text),
  });
  await expect(ended).rejects.toThrow('enough');
  expect(lines).toEqual([]);
});

test('the terminal that ends this program does not end one that is shielded', async () => {
  const group = async (shielded: boolean) => {
    const lines: string[] = [];
    const app = `ps -o pgid= -p $PPID`;
    await runCdk(['synth', '--quiet', '--build', '', '--app', app], {
      shielded,
      line: (text) => lines.push(text),
    }).catch(() => undefined);
    return lines.map((text) => text.trim()).find((text) => /^\d+$/.test(text));
  };
  const [own, theirs] = [await group(false), await group(true)];
  expect(own).toBeDefined();
  expect(theirs).toBeDefined();
  expect(theirs).not.toBe(own);
});
