import { setTimeout as sleep } from 'node:timers/promises';
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { functionName, stageName } from '../../infra/names.ts';
import { scheduledSnapshot } from '../../shared/snapshots/request.ts';
import { slotAt, slotTime } from '../../shared/snapshots/slot.ts';
import type { RelayUnderTest } from './relay.ts';

const FunctionName = functionName(stageName(), 'snapshot');

/** Has the function of a stack take a snapshot, in a second of its own. */
export async function takeSnapshot({ addresses }: RelayUnderTest): Promise<void> {
  await sleep(1_000 - (Date.now() % 1_000));
  const lambda = new LambdaClient({});
  const Payload = scheduledSnapshot(String(addresses.groupid), slotTime(slotAt(Date.now())));
  const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName, Payload }));
  lambda.destroy();
  if (FunctionError !== undefined) throw new Error(`no snapshot was taken: ${FunctionError}`);
}

/** The bucket that the snapshots of a stack are in. */
export async function snapshotBucket(): Promise<string> {
  const lambda = new LambdaClient({});
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  lambda.destroy();
  return Environment?.Variables?.RELAY_SNAPSHOT_BUCKET ?? '';
}
