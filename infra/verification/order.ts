import * as z from 'zod/mini';

/** What the app of a verification is to make: one stack. */
const order = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('stand-in'),
    stack: z.string(),
    /** SHA-256 of its password, and of the end of the tokens that it grants: neither stands in a template. */
    passwordDigest: z.string(),
    tokenDigest: z.string(),
  }),
  z.strictObject({
    kind: z.literal('twin'),
    stage: z.string(),
    /** Address of the stand-in, without a slash at its end. */
    presence: z.string(),
    /** ARN of the role that may call. */
    role: z.string(),
  }),
  /** To be removed: what was in it, nobody needs to know. */
  z.strictObject({ kind: z.literal('gone'), stack: z.string() }),
]);
export type Order = z.infer<typeof order>;

const variable = 'RELAY_VERIFICATION';

/** How the app hears of it. */
export function orderVariables(one: Order): Record<string, string> {
  return { [variable]: JSON.stringify(one) };
}

/** Throws when there is none. */
export function readOrder(environment: NodeJS.ProcessEnv): Order {
  return order.parse(JSON.parse(environment[variable] ?? 'null'));
}

/** The tag of the stacks that a verification has made; its value says which of the two it is. */
export const madeTag = 'presence-relay-verification';

/** The group of the stand-in, and of the twin. */
export const madeUpGroup = '1';
