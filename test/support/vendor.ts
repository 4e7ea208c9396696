import type { TestContext } from 'vitest';
import { fill, fillingOf, findSample } from '../../infra/cli/webhook/sample.ts';
import { type SignedRequest, sign } from '../../infra/cli/webhook/sign.ts';
import { withSamples } from '../../infra/local/samples.ts';
import { localKeys } from '../../infra/local/webhook-keys.ts';
import { loadRelayConfig } from '../../infra/relay-config.ts';
import { webhookUrl } from '../../shared/api/webhook-path.ts';
import { readKeys } from '../../shared/webhooks/intake/keys.ts';
import type { Source } from '../../shared/webhooks/source.ts';
import type { RelayUnderTest } from './relay.ts';

const none: { groups: object; webhooks: Record<string, Source> } = { groups: { 12345: {} }, webhooks: {} };

/** The sources of webhooks that a relay has which is there to be tried, by their names. */
export const { webhooks: sources } = withSamples(none);

const { webhooks: own } = await loadRelayConfig();

/** Skips the test where `relay.config.ts` has a source of that name, which the relay then has in the place of ours. */
export function needsSample(name: string, { skip }: Pick<TestContext, 'skip'>): void {
  if (name in own) skip(`relay.config.ts has a source of its own that is called ${name}`);
}

function sourceOf(name: string): Source {
  const source = sources[name];
  if (!source) throw new Error(`there is no source ${name}`);
  return source;
}

/** The sample of that source, for this visitor, with ids of its own. */
export async function sampleOf(name: string, visitor: string) {
  const source = sourceOf(name);
  const { text, contentType } = await findSample(name, source, undefined);
  const filling = fillingOf({ visitor, own: source.own }, { same: false, now: Date.now() });
  return { body: Buffer.from(fill(text, filling)), contentType, id: filling.seed };
}

interface Letter {
  readonly body: Buffer;
  readonly contentType?: string;
  readonly id?: string;
  /** Something is changed after it was signed, or it is signed by somebody who does not know the key. */
  readonly forge?: boolean;
}

/**
 * A request as the vendor of that source makes it, for the address of the relay. Who signs the address signs the public
 * one, `RELAY_PUBLIC_URL`; it is that of the relay unless given.
 */
export function signedBy(name: string, relay: RelayUnderTest, letter: Letter): SignedRequest {
  const base = relay.addresses.relay;
  const source = sourceOf(name);
  const url = webhookUrl(process.env.RELAY_PUBLIC_URL ?? base, name);
  const { kind, lists, own } = source;
  const keys = readKeys(localKeys(name, source), lists);
  const signing = { contentType: 'application/json', id: name, forge: false, ...letter };
  const request = sign({ kind, url, keys, own, now: Date.now(), ...signing });
  return { ...request, url: webhookUrl(base, name) + request.url.slice(url.length) };
}

/** Sends it as any sender does, without credentials of AWS. */
export async function post({ url, headers, body }: SignedRequest) {
  const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
