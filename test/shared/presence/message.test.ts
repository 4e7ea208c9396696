import { expect, test } from 'vitest';
import { functionName, message } from '../../../shared/presence/message.ts';

test.for([
  { mtype: 'signal', data: { any: ['thing'] } },
  { mtype: 'signal', data: null },
  { mtype: 'signal', data: 0 },
  { mtype: 'invoke', data: { func: 'GLANCE.Cobrowse.Visitor.startSession' } },
  { mtype: 'invoke', data: { func: 'GLANCE_COBROWSE.Custom.open', args: { sessionKey: 'ada', deep: [{}] } } },
])('%j is a message, and stays as it is', (given) => {
  expect(message.parse(given)).toEqual(given);
});

test.for([
  { mtype: 'signal' },
  { mtype: 'signal', data: 1, extra: 1 },
  { mtype: 'invoke', data: {} },
  { mtype: 'invoke', data: { func: 'GLANCE.a', args: [] } },
  { mtype: 'invoke', data: { func: 'GLANCE.a', args: 'text' } },
  { mtype: 'invoke', data: { func: 'GLANCE.a', more: 1 } },
  { mtype: 'Signal', data: 1 },
  { data: 1 },
  [],
  null,
])('%j is none', (given) => {
  expect(message.safeParse(given).success).toBe(false);
});

test.for([
  'GLANCE',
  'GLANCE.',
  'GLANCE..a',
  'GLANCEX.a',
  'GLANCE_COBROWSE.a',
  'GLANCE_COBROWSE.Custom',
  'window.GLANCE.a',
  'GLANCE.a()',
  'GLANCE.a b',
  'GLANCE["a"]',
  'GLANCE.a\n',
  'alert',
  `GLANCE.${'a'.repeat(200)}`,
])('%j is no function that Glance’s script would call', (name) => {
  expect(functionName.safeParse(name).success).toBe(false);
});
