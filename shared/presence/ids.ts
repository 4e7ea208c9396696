import * as z from 'zod/mini';

/** A Glance group: digits, as text because that is how Glance sends and reads it in addresses. */
export const groupId = z
  .string()
  .check(z.regex(/^\d{1,19}$/, 'must be digits'))
  .brand<'GroupId'>();
export type GroupId = z.infer<typeof groupId>;

/**
 * The union of the rules that the Glance pages give for visitor ids. `.` and `..` are left out, because
 * they change the meaning of an address. All of its characters stand in a query as they are.
 */
export const visitorId = z
  .string()
  .check(
    z.regex(
      /^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,100}$/,
      'must be 1 to 100 characters of A-Z, a-z, 0-9, ".", "_", "~", "-", and neither "." nor ".."',
    ),
  )
  .brand<'VisitorId'>();
export type VisitorId = z.infer<typeof visitorId>;

/** What all the Glance pages agree on; a group may ask for it (`visitorids: 'strict'`). */
export function isStrictVisitorId(id: VisitorId): boolean {
  return /^[A-Za-z0-9_-]{1,50}$/.test(id);
}
