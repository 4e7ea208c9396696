import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { EnvironmentError, jsonVariable, readEnvironment } from '../../../shared/runtime/environment.ts';

const schema = z.object({
  TABLE: z.string().check(z.minLength(1, 'must not be empty')),
  LIMITS: jsonVariable(z.object({ rate: z.number() })),
});

function fault(environment: NodeJS.ProcessEnv): string {
  try {
    readEnvironment(schema, environment);
  } catch (error) {
    if (error instanceof EnvironmentError) return error.message;
  }
  throw new Error('nothing was found wrong with it');
}

test('a good environment comes out parsed', () => {
  expect(readEnvironment(schema, { TABLE: 'signals', LIMITS: '{"rate":5}', PATH: '/bin' })).toEqual({
    TABLE: 'signals',
    LIMITS: { rate: 5 },
  });
});

test('every variable that is wrong is named at once', () => {
  const message = fault({ TABLE: '', LIMITS: '{"rate":"five"}' });
  expect(message).toContain('TABLE: must not be empty');
  expect(message).toContain('LIMITS.rate');
});

test('a variable that is missing is named', () => {
  expect(fault({ TABLE: 'signals' })).toContain('LIMITS');
});

test.for(['{oops', '', 'hunter2'])('JSON that is none is named and not repeated: %j', (LIMITS) => {
  const message = fault({ TABLE: 'signals', LIMITS });
  expect(message).toContain('LIMITS: is not JSON');
  expect(message).not.toMatch(/oops|hunter2/);
});

test('no value of a variable gets into the message', () => {
  const message = fault({ TABLE: 'signals', LIMITS: '{"rate":"hunter2"}' });
  expect(message).not.toContain('hunter2');
});
