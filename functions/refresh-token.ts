import type { Context, SQSEvent } from 'aws-lambda';
import { refreshEnvironment } from '../shared/api/config/environment.ts';
import { openRefresh } from '../shared/authorization/open.ts';
import { RefreshRecord } from '../shared/authorization/record.ts';
import { refresh } from '../shared/authorization/refresh.ts';
import { readRequest } from '../shared/authorization/request.ts';
import { deadlineIn } from '../shared/runtime/deadline.ts';
import { readEnvironment } from '../shared/runtime/environment.ts';
import { once } from '../shared/runtime/once.ts';

/** What is kept of the function's own time to write down how it ended. */
const marginMs = 5_000;

const open = once(() => openRefresh(readEnvironment(refreshEnvironment, process.env)));

/** One message at a time. What it throws, the queue gives it once more, and in the end to the dead letters. */
export const handler = async ({ Records }: SQSEvent, context: Context): Promise<void> => {
  const dependencies = await open();
  for (const { body } of Records) {
    const request = readRequest(body);
    const record = new RefreshRecord(request, context.awsRequestId);
    const deadline = deadlineIn(context.getRemainingTimeInMillis() - marginMs);
    record.ended(await refresh(request, dependencies, deadline));
  }
};
