import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRequest, scheduledRequest } from '../../../shared/authorization/request.ts';

test.for([
  { groupid: '12345', because: 'schedule', at: '2026-03-12T20:00:00Z' },
  { groupid: '12345', because: 'asked', version: 'v-1' },
  { groupid: '12345', because: 'asked' },
  { groupid: '12345', because: 'operator', id: 'after new credentials' },
] as const)('%j is a request for a token', (request) => {
  expect(readRequest(JSON.stringify(request))).toEqual(request);
});

test('what a schedule sends is one, also before the scheduler has put the time into it', () => {
  const at = '<aws.scheduler.scheduled-time>';
  expect(readRequest(scheduledRequest('12345', at))).toEqual({ groupid: '12345', because: 'schedule', at });
});

test('a request of a later release, with more in it, is still one', () => {
  const request = { groupid: '12345', because: 'asked', version: 'v-1' } as const;
  expect(readRequest(JSON.stringify({ ...request, urgent: true }))).toEqual(request);
});

test.for([
  ['', 'is missing'],
  ['hunter2', 'is missing'],
  ['null', 'must be an object'],
  ['["12345"]', 'must be an object'],
  ['{}', 'because: must be "schedule" or "asked" or "operator"'],
  ['{"groupid":"12345","because":"hunter2"}', 'because: must be "schedule" or "asked" or "operator"'],
  ['{"because":"asked"}', 'groupid: is missing'],
  ['{"groupid":12345,"because":"asked"}', 'groupid: must be a string'],
  ['{"groupid":"x1","because":"asked"}', 'groupid: must be digits'],
  ['{"groupid":"12345\\n","because":"asked"}', 'groupid: must be digits'],
  ['{"groupid":"12345","because":"asked","version":null}', 'version: must be a string'],
  ['{"groupid":"12345","because":"schedule"}', 'at: is missing'],
  ['{"groupid":"","because":"operator"}', 'groupid: must be digits; id: is missing'],
] as const)('%j is none: %s', ([message, flaw]) => {
  expect(() => readRequest(message)).toThrow(new Error(`no request for a token: ${flaw}`));
});

test('any text is a request for one group or an error, which repeats nothing of it', () => {
  const value = fc.oneof(
    fc.stringMatching(/^[A-Z0-9]{12,40}$/),
    fc.constantFrom('schedule', 'asked', 'operator', '12345', null, 7),
  );
  const key = fc.constantFrom('groupid', 'because', 'version', 'at', 'id', 'other');
  const near = fc.dictionary(key, value).map((content) => JSON.stringify(content));
  fc.assert(
    fc.property(fc.oneof(near, fc.string(), fc.json()), (message) => {
      try {
        expect(readRequest(message).groupid).toMatch(/^\d{1,19}$/);
      } catch (error) {
        expect(String(error)).toMatch(/^Error: no request for a token: /);
        for (const [text] of message.matchAll(/[A-Z0-9]{12,40}/g)) expect(String(error)).not.toContain(text);
      }
    }),
    { numRuns: 2_000 },
  );
});
