import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { localKeys } from '../../../infra/local/webhook-keys.ts';
import type { RelayUnderTest } from '../relay.ts';
import { header, sender } from './relay.ts';

/** What a sender of that name was given when it was provisioned. */
export function keyOf(source: string): string {
  const { keys } = z.object({ keys: z.tuple([z.string()]) }).parse(JSON.parse(localKeys(source, sender(''))));
  return keys[0];
}

/** One webhook, as a sender makes it. */
export async function webhook(
  { addresses }: RelayUnderTest,
  {
    source = 'crm',
    key = keyOf(source),
    ...event
  }: { source?: string; key?: string; id: string; visitor: string },
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${addresses.relay}/webhooks/${source}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [header]: key },
    body: JSON.stringify(event),
  });
  return { status: response.status, text: await response.text() };
}

/** A call with a TTL. */
export async function signal(relay: RelayUnderTest, id: string, visitor: string): Promise<number> {
  const headers = { 'content-type': 'application/json', TTL: '600' };
  const body = JSON.stringify({ mtype: 'signal', data: { id } });
  const target = `signalvisitor?${new URLSearchParams(relay.of(visitor))}`;
  const { status } = await relay.request(target, { method: 'POST', headers, body });
  return status;
}

/** Sends a webhook every 200 ms for as long as that takes, and gives their ids. Throws where any was refused. */
export async function sendingDuring(
  relay: RelayUnderTest,
  visitor: string,
  work: Promise<unknown>,
): Promise<string[]> {
  const answers: ReturnType<typeof webhook>[] = [];
  const ids: string[] = [];
  const over = work.then(
    () => true,
    () => true,
  );
  do {
    const id = randomUUID();
    ids.push(id);
    answers.push(webhook(relay, { id, visitor }));
  } while (!(await Promise.race([over, sleep(200)])));
  await work;
  for (const { status, text } of await Promise.all(answers))
    if (status !== 202) throw new Error(`a webhook was answered with ${status}: ${text}`);
  return ids;
}

const deliveries = z.object({
  last: z.array(
    z.object({
      message: z.object({ data: z.object({ id: z.string(), deployment: z.optional(z.string()) }) }),
    }),
  ),
});

/** What has reached that visitor, in order: its id, and by which deployment it was mapped. */
export async function delivered(relay: RelayUnderTest, visitor: string) {
  const told = deliveries.parse(await relay.emulator('GET', `/deliveries?visitorid=${visitor}`));
  return told.last.map(({ message }) => message.data);
}
