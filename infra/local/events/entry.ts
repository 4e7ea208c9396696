import type { EventBridgeEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import { accountId, region } from '../account.ts';

const entry = z.object({
  Source: z.string().check(z.minLength(1)),
  DetailType: z.string().check(z.minLength(1)),
  /** A JSON object, as text. */
  Detail: z.string(),
  /** Unix seconds. */
  Time: z.optional(z.number().check(z.gte(0), z.lte(8.64e12))),
  Resources: z._default(z.array(z.string()), []),
  /** Name or ARN; missing for that of the account. */
  EventBusName: z.optional(z.string()),
});
export type Entry = z.infer<typeof entry>;

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
export const putInput = z.object({ Entries: z.array(entry).check(z.minLength(1), z.maxLength(10)) });

/** Of a call: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html */
export const mostBytes = 256 * 1024;

/** As EventBridge counts. */
export function bytesOf(entries: readonly Entry[]): number {
  const texts = entries.flatMap(({ Source, DetailType, Detail, Resources }) => [
    Source,
    DetailType,
    Detail,
    ...Resources,
  ]);
  const timeBytes = 14 * entries.filter(({ Time }) => Time !== undefined).length;
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), timeBytes);
}

/** The name of its bus, unless it is for that of the account. */
export function busOf({ EventBusName }: Entry): string | undefined {
  const name = EventBusName?.replace(/^arn:[^/]*:event-bus\//, '');
  return name === 'default' ? undefined : name;
}

export function isSound({ Detail }: Entry): boolean {
  try {
    const detail: unknown = JSON.parse(Detail);
    return typeof detail === 'object' && detail !== null && !Array.isArray(detail);
  } catch {
    return false;
  }
}

/** What a rule gives its target. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html */
export function ruleEvent(
  { Source, DetailType, Detail, Time = Date.now() / 1_000, Resources }: Entry,
  id: string,
): EventBridgeEvent<string, unknown> {
  return {
    version: '0',
    id,
    'detail-type': DetailType,
    source: Source,
    account: accountId,
    time: new Date(Time * 1_000).toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources: Resources,
    detail: JSON.parse(Detail),
  };
}
