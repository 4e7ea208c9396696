import * as z from 'zod/mini';

/** An ARN of a service in any partition. `resource` is the source of a regular expression. */
export function arn(service: string, resource: string) {
  const form = new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]*:\\d{12}:${resource}$`);
  return z.string().check(z.regex(form, `must be an ARN of ${service}: ${example(service, resource)}`));
}

function example(service: string, resource: string): string {
  const [kind = ''] = /^[a-z/]+[:/]/.exec(resource) ?? [];
  const region = service === 'iam' ? '' : '<region>';
  return `arn:aws:${service}:${region}:<account>:${kind}…`;
}
