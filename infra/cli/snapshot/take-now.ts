import { setTimeout as sleep } from 'node:timers/promises';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import * as z from 'zod/mini';
import { snapshotAnswer } from '../../../shared/snapshots/answer.ts';
import { scheduledSnapshot } from '../../../shared/snapshots/request.ts';
import { type Slot, slotTime } from '../../../shared/snapshots/slot.ts';
import { snapshot } from '../../functions.ts';
import { type AwsCall, answerOf } from '../aws.ts';
import { claimsOf, type SnapshotPlace } from './place.ts';
import { progressText } from './words.ts';

interface Wanted {
  readonly groupid: string;
  readonly slot: Slot;
  /** In which the function puts down how far it is. */
  readonly table: string;
}

/** So long the function may take, and a little more. */
const limitMs = snapshot.timeoutSeconds * 1_000 + 10_000;
const lookMs = 500;

/**
 * Has a snapshot taken; `show`, where somebody looks on, is told meanwhile how far it is. Throws `AwsTrouble`, and where
 * the function fails.
 */
export async function takeNow(
  place: SnapshotPlace,
  wanted: Wanted,
  show?: (text?: string) => void,
): Promise<z.infer<typeof snapshotAnswer>> {
  const ended = new AbortController();
  const shown = show && showProgress(place, wanted, show, ended.signal);
  try {
    return await invoke(place, wanted);
  } finally {
    ended.abort();
    await shown;
  }
}

async function invoke(place: SnapshotPlace, { groupid, slot }: Wanted) {
  const { lambda, functionName: FunctionName, missing, hints } = place;
  const call: AwsCall = {
    client: lambda,
    service: 'Lambda',
    deed: 'used',
    hints: { rights: 'lambda:InvokeFunction', ...hints, missing },
    limitMs,
  };
  const command = new InvokeCommand({ FunctionName, Payload: scheduledSnapshot(groupid, slotTime(slot)) });
  const answer = lambda.send(command, { requestTimeout: limitMs });
  const { FunctionError, Payload } = await answerOf(`function ${FunctionName}`, call, answer);
  const text = Payload?.transformToString() ?? '';
  if (FunctionError !== undefined)
    throw new Error(`the snapshot was not taken (${errorTypeIn(text)}); ${place.log} tells why`);
  const { data } = snapshotAnswer.safeParse(jsonIn(text));
  if (data) return data;
  throw new Error(
    `function ${FunctionName} answers otherwise than these commands know; deploy the relay anew`,
  );
}

const failure = z.object({ errorType: z.string().check(z.regex(/^[\w.]{1,100}$/)) });

/** The message is not repeated: nobody knows what stands in it. */
function errorTypeIn(text: string): string {
  return failure.safeParse(jsonIn(text)).data?.errorType ?? 'unknown error';
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Never rejects: who may not read the table has the snapshot taken all the same. */
async function showProgress(
  place: SnapshotPlace,
  { groupid, slot, table }: Wanted,
  show: (text?: string) => void,
  ended: AbortSignal,
): Promise<void> {
  const claims = claimsOf(place, table);
  while (!ended.aborted) {
    const progress = await claims.progress(groupid, slot).catch(() => undefined);
    if (!ended.aborted) show(progressText(progress));
    await sleep(lookMs, undefined, { signal: ended }).catch(() => {});
  }
  show();
}
