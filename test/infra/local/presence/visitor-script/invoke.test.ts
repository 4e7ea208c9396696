import fc from 'fast-check';
import { expect, test } from 'vitest';
import { invoke } from '../../../../../infra/local/presence/visitor-script/invoke.ts';

function pageOf() {
  const calls: unknown[] = [];
  const act = (...args: unknown[]) => void calls.push(args);
  class Visitor {
    act = act;
  }
  const GLANCE = { act, Cobrowse: { Visitor: { act }, text: 'x' }, Presence: { Visitor } };
  return { calls, root: { GLANCE, GLANCE_COBROWSE: { Custom: { act }, act }, act, alert: act } };
}

test.for(['GLANCE.act', 'GLANCE.Cobrowse.Visitor.act', 'GLANCE_COBROWSE.Custom.act'])(
  '%s is called',
  (func) => {
    const { calls, root } = pageOf();
    expect(invoke(root, { func, args: { key: 'k' } })).toBe(true);
    expect(calls).toEqual([[{ key: 'k', remote: true }]]);
  },
);

test.for([
  'alert',
  'act',
  'GLANCE',
  'GLANCE.',
  'GLANCE.missing',
  'GLANCE.Cobrowse.text',
  'GLANCE.Cobrowse.text.trim',
  'GLANCE_COBROWSE.act',
  'GLANCE.toString',
  'GLANCE.constructor',
  'GLANCE.constructor.constructor',
  'GLANCE.__proto__.toString',
  'GLANCE.act.call',
  'GLANCE.Presence.Visitor.prototype.constructor',
])('%s is not', (func) => {
  const { calls, root } = pageOf();
  expect(invoke(root, { func })).toBe(false);
  expect(calls).toEqual([]);
});

test('whatever an agent sends, only what the page put there is called, and nothing is thrown', () => {
  const part = fc.oneof(
    fc.constantFrom('GLANCE', 'Cobrowse', 'Visitor', '__proto__', 'constructor', 'prototype', 'act', ''),
    fc.string(),
  );
  const func = fc.array(part, { maxLength: 5 }).map((parts) => parts.join('.'));
  const data = fc.oneof(
    fc.jsonValue(),
    fc.record({ func: fc.oneof(func, fc.jsonValue()), args: fc.jsonValue() }),
  );
  fc.assert(
    fc.property(data, (value) => {
      const { calls, root } = pageOf();
      expect(calls.length).toBe(0);
      expect(invoke(root, value) ? 1 : 0).toBe(calls.length);
    }),
  );
});
