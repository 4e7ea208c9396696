import * as z from 'zod/mini';

/**
 * The columns of a row by their names. Choices (OptionSetValue) and amounts (Money) are their number, lookups
 * (EntityReference) are `DataverseLookup`, times are ISO 8601 in UTC; objects of any other kind stay as they came.
 */
export type Columns = Readonly<Record<string, unknown>>;

/** The row that another row refers to. */
interface DataverseLookup {
  readonly entity: unknown;
  readonly id: unknown;
  readonly name: unknown;
}

/** How Dataverse writes a record of names and values. */
export const pairs = z.nullish(z.array(z.object({ key: z.string(), value: z.optional(z.unknown()) })));

/** A row as Dataverse writes it; anything that is no row, such as the target of a deletion, has no columns. */
export const row = z.nullish(z.object({ Attributes: pairs }));

export function columnsOf(given: z.infer<typeof row>): Columns {
  return Object.fromEntries((given?.Attributes ?? []).map(({ key, value }) => [key, plain(value)]));
}

/** A choice of several is a list of choices. */
function plain(value: unknown): unknown {
  return Array.isArray(value) ? value.map(plainOne) : plainOne(value);
}

function plainOne(value: unknown): unknown {
  if (typeof value === 'string') return isoTime(value) ?? value;
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Readonly<Record<string, unknown>>; // any object of JSON
  const kind = String(fields.__type).split(':')[0];
  if (kind === 'OptionSetValue' || kind === 'Money') return fields.Value;
  if (kind !== 'EntityReference') return value;
  const { LogicalName: entity, Id: id, Name: name } = fields;
  return { entity, id, name } satisfies DataverseLookup;
}

/** `/Date(1506409448000-0700)/`: milliseconds since 1970; the zone is where the server is, and changes nothing. */
function isoTime(text: string): string | undefined {
  const [, milliseconds] = /^\/Date\((-?\d{1,16})(?:[+-]\d{4})?\)\/$/.exec(text) ?? [];
  const time = new Date(Number(milliseconds));
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
