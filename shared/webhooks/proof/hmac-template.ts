import * as z from 'zod/mini';

/** What of a request can be signed, by the names that a template gives it. */
export const signedFields = ['body', 'timestamp', 'id', 'url', 'method'] as const;
export type SignedField = (typeof signedFields)[number];

/** Text that stands as it is, or what a request has to put there. */
export type TemplatePart = { readonly text: string } | { readonly field: SignedField };

const named = new RegExp(`\\{(${signedFields.join('|')})\\}`);

/** `v0:{timestamp}:{body}` in its parts, in order. */
export function templateParts(template: string): TemplatePart[] {
  return template.split(named).flatMap<TemplatePart>((text, at) => {
    // Between two texts stands what the pattern has caught.
    if (at % 2 === 1) return { field: text as SignedField };
    return text === '' ? [] : { text };
  });
}

export function signs(template: string, field: SignedField): boolean {
  return template.includes(`{${field}}`);
}

/** The texts beside `{id}`. An id that held one of them could be read as another one in the same signed bytes. */
export function besideId(template: string): string[] {
  const parts = templateParts(template);
  const isId = (part: TemplatePart | undefined) =>
    part !== undefined && 'field' in part && part.field === 'id';
  return parts.flatMap((part, at) =>
    'text' in part && (isId(parts[at - 1]) || isId(parts[at + 1])) ? part.text : [],
  );
}

/** What a vendor signs, such as `{timestamp}.{body}`. */
export const template = z.string().check(
  z.refine((text) => signs(text, 'body'), 'must hold {body}'),
  z.refine(
    (text) => templateParts(text).every((part) => 'field' in part || !/[{}]/.test(part.text)),
    'may hold {body}, {timestamp}, {id}, {url} and {method}, and no other brace',
  ),
  z.refine(
    (text) => !/\}\{id\}|\{id\}\{/.test(text),
    'must have text between {id} and what stands beside it',
  ),
);
