import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findvisitor, lookupvisitor, signalvisitor } from '../../shared/api/endpoints.ts';
import { RelayUnderTest } from '../support/relay.ts';

let relay: RelayUnderTest;
beforeAll(async () => {
  relay = await RelayUnderTest.open();
});
afterAll(() => relay[Symbol.asyncDispose]());

describe('a visitor who is on the site', () => {
  test('receives a signal exactly as it was given', async () => {
    const id = randomUUID();
    await using visitor = await relay.visitor(id);
    const data = { text: 'Grüße ✓', nested: { list: [1, null, true] } };

    const answer = await relay.signal(id, data);

    expect(answer.status).toBe(200);
    expect(signalvisitor.answers[200].schema.parse(answer.json)).toMatchObject({ status: 'sent' });
    expect(await visitor.next()).toEqual({ mtype: 'signal', data });
  });

  test('receives the call of a function with its arguments', async () => {
    const id = randomUUID();
    await using visitor = await relay.visitor(id);
    const data = { func: 'GLANCE.Cobrowse.Visitor.showTerms', args: { sessionKey: id } };

    const answer = await relay.call('signalvisitor', relay.of(id), { mtype: 'invoke', data });

    expect(answer.status).toBe(200);
    expect(await visitor.next()).toEqual({ mtype: 'invoke', data });
  });

  test('receives several signals in the order in which they were sent', async () => {
    const id = randomUUID();
    await using visitor = await relay.visitor(id);
    for (const number of [1, 2, 3]) expect((await relay.signal(id, number)).status).toBe(200);
    expect(
      [await visitor.next(), await visitor.next(), await visitor.next()].map(({ data }) => data),
    ).toEqual([1, 2, 3]);
  });

  test('is looked up with the data that the page sent', async () => {
    const id = randomUUID();
    await using _ = await relay.visitor(id, { url: 'https://shop.example/basket', customer: '4711' });

    const answer = await relay.call('lookupvisitor', relay.of(id));

    expect(answer.status).toBe(200);
    expect(lookupvisitor.answers[200].schema.parse(answer.json)).toMatchObject({
      url: 'https://shop.example/basket',
      customer: '4711',
    });
  });

  test('is found, with the server that holds the connection', async () => {
    const id = randomUUID();
    await using visitor = await relay.visitor(id);

    const answer = await relay.call('findvisitor', relay.of(id));

    const found = findvisitor.answers[200].schema.parse(answer.json);
    expect(found.visitorfound).toBe(true);
    expect(`http://${found.directserver}:${found.httpsport}`).toBe(visitor.server);
  });

  test('gets signals on the device that was used last, and on that one alone', async () => {
    const id = randomUUID();
    await using phone = await relay.visitor(id);
    await using laptop = await relay.visitor(id);
    await phone.blurred;

    expect((await relay.signal(id, 'hello')).status).toBe(200);

    expect(await laptop.next()).toEqual({ mtype: 'signal', data: 'hello' });
    expect(phone.received).toEqual([]);
  });
});

describe('a visitor who is not on the site', () => {
  test('is an empty look-up, not an error', async () => {
    expect(await relay.call('lookupvisitor', relay.of('nobody'))).toMatchObject({ status: 200, text: '{}' });
  });

  test('is not found, which is not an error either', async () => {
    const answer = await relay.call('findvisitor', relay.of('nobody'));
    expect(answer).toMatchObject({ status: 200, json: { visitorfound: false } });
  });

  test('cannot be signalled, and the sender is told', async () => {
    const answer = await relay.signal('nobody', 'hello');
    expect(answer).toMatchObject({ status: 404, json: { code: 'visitor-not-present' } });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });
});

describe('all visitors of a group', () => {
  test('are listed with the data of each', async () => {
    const id = randomUUID();
    await using _ = await relay.visitor(id);
    const answer = await relay.call('query', { groupid: String(relay.addresses.groupid) });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain(id);
  });

  test('are narrowed down to one on request', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    await using _ = await relay.visitor(one);
    await using __ = await relay.visitor(other);
    const answer = await relay.call('query', relay.of(one));
    expect(answer.text).toContain(one);
    expect(answer.text).not.toContain(other);
  });
});
