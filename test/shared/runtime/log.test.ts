import { expect, test } from 'vitest';
import { createLog } from '../../../shared/runtime/log.ts';

function logged(use: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = [];
  use(createLog({ function: 'query', requestId: 'r-1' }, (line) => lines.push(line)));
  return lines;
}

test('an event is one line of JSON with its time, its level and what every line of this call says', () => {
  const [line = ''] = logged((log) => log.error('internal', { reason: 'no memory' }));
  expect(JSON.parse(line)).toEqual({
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    level: 'ERROR',
    event: 'internal',
    function: 'query',
    requestId: 'r-1',
    reason: 'no memory',
  });
});

test('a line break in a field cannot begin a line of its own', () => {
  const [line = ''] = logged((log) => log.info('signal sent', { reason: 'a\n{"level":"ERROR"}\r\n' }));
  expect(line.indexOf('\n')).toBe(line.length - 1);
});
