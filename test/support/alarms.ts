import { type Resource, resourcesOf, type TemplateDocument } from './stack.ts';

type Properties = Resource['Properties'];

export function alarmsOf(of: TemplateDocument) {
  return resourcesOf(of, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
}

/** Without what all names of the stack begin with. */
export function nameOf({ AlarmName }: Properties): string {
  return AlarmName.replace('presence-relay-prod-', '');
}

/** The properties of the alarms of this entry of the runbook. */
export function alarmsNamed(of: TemplateDocument, entry: string) {
  return alarmsOf(of).filter(({ AlarmDescription }) => AlarmDescription.endsWith(`#${entry}`));
}

export function dimensionsOf({ Dimensions }: Properties): Record<string, unknown> {
  return Object.fromEntries(
    Dimensions.map(({ Name, Value }: { Name: string; Value: unknown }) => [Name, Value]),
  );
}
