import * as z from 'zod/mini';

/** The two namespaces that Glance's visitor script calls functions in; it drops every other name silently. */
export const functionName = z
  .string()
  .check(
    z.regex(
      /^(GLANCE|GLANCE_COBROWSE\.Custom)(\.[A-Za-z_$][\w$]*)+$/,
      'must name a function under GLANCE. or GLANCE_COBROWSE.Custom.',
    ),
    z.maxLength(200, 'must be at most 200 characters'),
  );

/** The functions that the Glance documents and demo pages invoke to begin a session. */
export const sessionFunctions = [
  'GLANCE.Cobrowse.Visitor.startSession',
  'GLANCE.Cobrowse.Visitor.showTerms',
  'GLANCE.Cobrowse.VisitorUI.showTerms',
] as const;

/** Of a message as JSON; the relay takes no longer ones. */
export const mostMessageBytes = 32_768;

/** Any JSON value. */
const data = z.unknown().check(z.refine((value) => value !== undefined, 'is missing'));

/** What both forms have in common: names all that is wrong with a message which is neither. */
export const messageOutline = z.strictObject({ mtype: z.enum(['signal', 'invoke']), data });

const signal = z.strictObject({
  mtype: z.literal('signal'),
  /** Reaches the page's `onsignal`. */
  data,
});

const invoke = z.strictObject({
  mtype: z.literal('invoke'),
  data: z.strictObject({ func: functionName, args: z.optional(z.record(z.string(), z.unknown())) }),
});

/** The body of `POST /signalvisitor`, as the Glance REST page documents it. */
export const message = z.discriminatedUnion('mtype', [signal, invoke]);
export type Message = z.infer<typeof message>;
