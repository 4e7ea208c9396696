import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { webhookUrl } from '../../shared/api/webhook-path.ts';
import { askAws } from '../support/aws.ts';
import { RelayUnderTest } from '../support/relay.ts';
import { needsSample, post, sampleOf, signedBy, sources } from '../support/vendor.ts';

let relay: RelayUnderTest;
beforeAll(async () => {
  relay = await RelayUnderTest.open();
});
afterAll(() => relay[Symbol.asyncDispose]());
beforeEach(() => relay.emulator('DELETE', '/faults'));

const overHttp = Object.keys(sources).filter((name) => sources[name]?.transport === 'http');

/** What vendors want to hear who do not want 202. */
const statuses: Readonly<Record<string, number>> = {
  intercom: 200,
  pipedrive: 200,
  'salesforce-outbound-message': 200,
  segment: 200,
  shopify: 200,
  slack: 200,
  twilio: 204,
};

/** A request as it is refused, without what is another one each time. */
function refusal({ status, headers, text }: Awaited<ReturnType<typeof post>>) {
  const { requestId: _, ...problem } = JSON.parse(text);
  return { status, type: headers.get('content-type'), problem };
}

/** Within that, a second delivery would have come as well. */
const settleMs = 1_000;

describe.concurrent('answered as its vendor wants, it reaches its visitor, once; forged, it is refused as if for nobody:', () => {
  test.for(overHttp)('a webhook of %s', async (name, context) => {
    needsSample(name, context);
    const id = randomUUID();
    await using visitor = await relay.visitor(id);
    const forged = signedBy(name, relay, { ...(await sampleOf(name, id)), forge: true });
    const refused = refusal(await post(forged));
    expect(refused).toMatchObject({ status: 401, problem: { code: 'unauthenticated' } });
    const nobody = webhookUrl(relay.addresses.relay, 'no-such-source');
    expect(refusal(await post({ ...forged, url: nobody }))).toEqual(refused);

    const request = signedBy(name, relay, await sampleOf(name, id));
    const answers = [await post(request), await post(request)];
    const wanted = statuses[name] ?? 202;
    expect(answers.map(({ status }) => status)).toEqual([wanted, wanted]);
    expect(await visitor.next(20_000)).toEqual({ mtype: 'signal', data: { from: name } });
    await sleep(settleMs);
    expect(visitor.received).toHaveLength(1);
  });
});

test('Salesforce is told in its own words that its message was taken', async (context) => {
  const name = 'salesforce-outbound-message';
  needsSample(name, context);
  const id = randomUUID();
  await using visitor = await relay.visitor(id);
  const answer = await post(signedBy(name, relay, await sampleOf(name, id)));
  expect(answer.headers.get('content-type')).toBe('text/xml; charset=utf-8');
  expect(answer.text).toMatch(/^<\?xml .*<Ack>true<\/Ack>.*<\/soapenv:Envelope>$/);
  await visitor.next(20_000);
});

test('a signature is over the bytes as they came, whatever they are', async (context) => {
  needsSample('hmac', context);
  const id = randomUUID();
  await using visitor = await relay.visitor(id);
  const body = Buffer.from(
    `\r\n{ "id" :"${id}",\t"visitor_id":"${id}","says":"grüß Gott \u{1f44b} \\u00e9\u2028" }\n`,
  );
  expect((await post(signedBy('hmac', relay, { body }))).status).toBe(202);
  expect(await visitor.next(20_000)).toMatchObject({ data: { from: 'hmac' } });
});

test('an event of a partner’s bus reaches its visitor, once', async (context) => {
  needsSample('salesforce-event-relay', context);
  const { RELAY_URL, AWS_ENDPOINT_URL } = process.env;
  if (RELAY_URL && !AWS_ENDPOINT_URL) context.skip('on AWS itself, nobody but partners may put such events');
  const id = randomUUID();
  await using visitor = await relay.visitor(id);
  const { body } = await sampleOf('salesforce-event-relay', id);
  expect(await putPartnerEvent(JSON.parse(body.toString()))).toMatchObject({ FailedEntryCount: 0 });
  expect(await visitor.next(20_000)).toEqual({ mtype: 'signal', data: { from: 'salesforce-event-relay' } });
  await putPartnerEvent(JSON.parse(body.toString()));
  await sleep(settleMs);
  expect(visitor.received).toHaveLength(1);
});

interface PartnerEvent {
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: object;
}

/** As Salesforce does; only partners of AWS have a client for it. */
async function putPartnerEvent({ source, 'detail-type': type, detail }: PartnerEvent): Promise<unknown> {
  const entry = { Source: source, DetailType: type, Detail: JSON.stringify(detail) };
  const request = {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSEvents.PutPartnerEvents',
    },
    body: JSON.stringify({ Entries: [entry] }),
  };
  const { events } = relay.addresses;
  const answer = events === undefined ? askAws({ name: 'events' }, '/', request) : fetch(events, request);
  return await (await answer).json();
}
