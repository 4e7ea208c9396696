import * as z from 'zod/mini';
import { groupId } from '../presence/ids.ts';
import { flawsOf, flawText } from '../runtime/flaws.ts';
import { slotText } from './slot.ts';

/** That a snapshot of a group is due. */
const snapshotRequest = z.object({ groupid: groupId, scheduledTime: slotText });

export interface SnapshotRequest {
  readonly groupid: z.infer<typeof groupId>;
  readonly slot: z.infer<typeof slotText>;
}

/** Reads what the function is invoked with. Throws when it is none; what it holds is not repeated. */
export function readSnapshotRequest(event: unknown): SnapshotRequest {
  const request = snapshotRequest.safeParse(event, { reportInput: true });
  if (request.success) return { groupid: request.data.groupid, slot: request.data.scheduledTime };
  throw new Error(`no request for a snapshot: ${flawsOf(request.error).map(flawText).join('; ')}`);
}

/** What a schedule invokes the function with; or whoever stands in for one, at a time as `slotTime` gives it. */
export function scheduledSnapshot(groupid: string, time: string): string {
  return JSON.stringify({ groupid, scheduledTime: time } satisfies z.input<typeof snapshotRequest>);
}
