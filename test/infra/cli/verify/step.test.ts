import { expect, test } from 'vitest';
import { AwsTrouble } from '../../../../infra/cli/aws.ts';
import { finding } from '../../../../infra/cli/report.ts';
import { CallTrouble } from '../../../../infra/cli/verify/call.ts';
import { stepOf, wakeful } from '../../../../infra/cli/verify/step.ts';
import { alone } from './aws-servers.ts';

test('what AWS or the relay does not do fails a step, and says what to do', async () => {
  const aws = await stepOf('token', alone(), () => Promise.reject(new AwsTrouble('no', 'do this')));
  expect(aws).toEqual({ name: 'token', verdict: 'fail', says: 'no', hint: 'do this' });
  const relay = await stepOf('signed', alone(), () => Promise.reject(new CallTrouble('no answer')));
  expect(relay).toMatchObject({
    verdict: 'fail',
    says: 'no answer',
    hint: expect.stringContaining('--address'),
  });
});

test('what a step tells of how far it is goes away when it is done, whatever came of it', async () => {
  const told: (string | undefined)[] = [];
  const tell = (line?: string) => void told.push(line);
  const make = () => {
    tell('half');
    return Promise.reject(new CallTrouble('no answer'));
  };
  await stepOf('signed', { ...alone(), tell }, make);
  expect(told).toEqual(['half', undefined]);
});

test('an interruption ends a wait at once, with its reason', async () => {
  const stop = new AbortController();
  const surroundings = alone(stop.signal);
  const step = stepOf('schedule', surroundings, async () => {
    await wakeful(surroundings).sleep(600_000);
    return finding('ok', 'slept');
  });
  stop.abort(new Error('enough'));
  await expect(step).rejects.toThrow('enough');
});
