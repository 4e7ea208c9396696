import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { LocalFunction, type LocalFunctionOptions } from '../../../../infra/local/lambda/function.ts';

/** A function whose bundle is the given CommonJS text; what it prints is in `lines`. Gone after the test. */
export function toyFunction(code: string, options: Partial<LocalFunctionOptions> = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'presence-relay-'));
  const file = path.join(folder, 'index.js');
  writeFileSync(file, code);
  const lines: string[] = [];
  const toy = new LocalFunction({
    name: 'toy',
    file,
    environment: {},
    timeoutSeconds: 10,
    memoryMb: 512,
    log: (line) => lines.push(line),
    ...options,
  });
  onTestFinished(async () => {
    await toy.close();
    rmSync(folder, { recursive: true });
  });
  return { toy, lines };
}
