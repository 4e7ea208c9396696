import * as z from 'zod/mini';

/** An ARN of a service in any partition. `resource` is the source of a regular expression; `example` is for people. */
export function arn(service: string, resource: string, example: string) {
  const form = new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]*:\\d{12}:${resource}$`);
  return z.string().check(z.regex(form, `must be arn:aws:${service}:<region>:<account>:${example}`));
}
