import * as z from 'zod/mini';

/** The name of a header: a token of RFC 9110, in any case. */
export const headerName = z
  .string()
  .check(z.regex(/^[\w!#$%&'*+.^`|~-]{1,100}$/, 'must be the name of a header'));
