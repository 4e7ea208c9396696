import { beforeAll, expect, test } from 'vitest';
import { rightsOf } from '../../support/rights.ts';
import { full, only, resourcesOf, templateOf } from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

let template: Template;
beforeAll(() => {
  template = templateOf();
});

test('every stack has a bus of its own, named after its stage', () => {
  expect(only(template, 'AWS::Events::EventBus').Properties.Name).toBe('presence-relay-prod');
  expect(only(templateOf(undefined, 'test'), 'AWS::Events::EventBus').Properties.Name).toBe(
    'presence-relay-test',
  );
  expect(template.Outputs.EventBus?.Value).toBe('presence-relay-prod');
});

test('the bus holds nothing, so it goes with the stack', () => {
  for (const of of [template, templateOf(full)])
    expect(only(of, 'AWS::Events::EventBus').DeletionPolicy).toBe('Delete');
});

test('deliver knows the bus, and may put events there and nowhere else', () => {
  const [[id] = ['none']] = resourcesOf(template, 'AWS::Events::EventBus');
  const rights = rightsOf(template, 'presence-relay-prod-deliver').filter((right) => /events:/.test(right));
  expect(rights).toEqual([`Allow events:PutEvents <${id}.Arn>`]);
  const [, deliver] =
    resourcesOf(template, 'AWS::Lambda::Function').find(
      ([, { Properties }]) => Properties.FunctionName === 'presence-relay-prod-deliver',
    ) ?? [];
  expect(deliver?.Properties.Environment.Variables.RELAY_BUS).toBe('presence-relay-prod');
});

test('whoever answers calls or takes webhooks has nothing to do with the bus', () => {
  const names = resourcesOf(template, 'AWS::Lambda::Function').map(
    ([, { Properties }]) => Properties.FunctionName,
  );
  const others = names.filter((name) => !/-(deliver|snapshot)$/.test(name));
  expect(others.length).toBeGreaterThan(4);
  for (const name of others)
    expect(rightsOf(template, name).filter((right) => /events:/.test(right))).toEqual([]);
});
