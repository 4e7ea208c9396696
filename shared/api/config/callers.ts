import * as z from 'zod/mini';
import { groupId } from '../../presence/ids.ts';
import { functionName, sessionFunctions } from '../../presence/message.ts';
import { type Endpoint, grantable, query } from '../endpoints.ts';
import { configuredId } from './groups.ts';

const invocable = z._default(z.array(functionName), [...sessionFunctions]);
const endpointNames = grantable.map(({ name }) => name);

const roleForm = /^(?:arn:aws[a-z-]*:iam::(\d{12}):role\/(?:[\x21-\x7e]+\/)?)?([\w+=,.@-]{1,64})$/;

/** An IAM role: its ARN, or its name alone for a role of the account that the stack is in. */
export const roleReference = z
  .string()
  .check(
    z.regex(
      roleForm,
      'must be an IAM role: arn:aws:iam::<account>:role/<name>, or the name of a role of this account',
    ),
  );

export interface Role {
  /** 12 digits; missing for a role of the account that the stack is in. */
  readonly account: string | undefined;
  /** Without its path: names are unique in an account, and an assumed role does not tell its path. */
  readonly name: string;
}

export function readRole(reference: string): Role {
  const [, account, name = ''] = roleForm.exec(reference) ?? [];
  return { account, name };
}

/** How a role is looked up: `<account>:<name>`, or the name alone for a role of the stack's own account. */
export function roleKey({ account, name }: Role): string {
  return account === undefined ? name : `${account}:${name}`;
}

const groupReference = z.pipe(
  z.union([z.string(), z.number()], 'must be the id of a group'),
  z.pipe(z.transform(String), configuredId),
);

/** What one IAM role may do, as `relay.config.ts` tells it. */
export const configuredCaller = z.strictObject({
  groups: z.array(groupReference).check(z.minLength(1, 'must hold at least one group')),
  /** `query` lists everybody, so it is granted only where it is named. */
  endpoints: z._default(
    z.array(z.enum(endpointNames)).check(z.minLength(1, 'must hold at least one endpoint')),
    endpointNames.filter((name) => name !== query.name),
  ),
  /** The functions that the caller may invoke in a visitor's browser. */
  invocable,
});
export type ConfiguredCaller = z.infer<typeof configuredCaller>;

/** What a function knows of one of its callers. */
export const deployedCaller = z.strictObject({ groups: z.array(groupId), invocable });
export type DeployedCaller = z.infer<typeof deployedCaller>;

/** What the function of these endpoints has to be told of its callers, by `roleKey`; defaults are left out. */
export function deployedCallers(
  endpoints: readonly Endpoint[],
  callers: Readonly<Record<string, ConfiguredCaller>>,
): Record<string, z.input<typeof deployedCaller>> {
  const grants = new Set(endpoints.map(({ name, grantedBy = name }) => grantedBy));
  const invokes = endpoints.some(({ body }) => body);
  const granted = Object.entries(callers).filter(([, caller]) =>
    caller.endpoints.some((endpoint) => grants.has(endpoint)),
  );
  return Object.fromEntries(
    granted.map(([reference, { groups, invocable }]) => [
      roleKey(readRole(reference)),
      { groups, ...(invokes && !isDefault(invocable) && { invocable }) },
    ]),
  );
}

function isDefault(functions: readonly string[]): boolean {
  return JSON.stringify(functions) === JSON.stringify(sessionFunctions);
}
