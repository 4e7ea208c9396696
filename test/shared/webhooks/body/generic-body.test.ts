import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bodyKey,
  fieldsOf,
  readBody,
  readEvents,
  readForm,
  readPayload,
} from '../../../../shared/webhooks/body/generic-body.ts';
import { Unreadable } from '../../../../shared/webhooks/source.ts';
import { textAt } from '../../../../shared/webhooks/text-at.ts';
import { webhookRequest } from '../../../support/webhook.ts';

const formType = 'application/x-www-form-urlencoded';

function sent(body: Buffer | string | object, type?: string) {
  return webhookRequest({ body, headers: type === undefined ? {} : { 'content-type': type } });
}

const fallback = { key: 'fallback', keySeconds: 300 };

test.for([
  undefined,
  'application/json',
  'APPLICATION/JSON',
  'text/plain',
  'application/vnd.api+json; charset=utf-8',
])('JSON is read whatever the content type says: %s', (type) => {
  expect(readBody(sent({ visitor: 'v-1' }, type))).toEqual({ visitor: 'v-1' });
});

test.for([formType, 'Application/X-WWW-Form-URLencoded', `${formType}; charset=UTF-8`])(
  'a form becomes an object of texts, and lists where a name came more than once: %s',
  (type) => {
    expect(readBody(sent('visitor=v+1&tag=a&tag=b%26&empty=', type))).toEqual({
      visitor: 'v 1',
      tag: ['a', 'b&'],
      empty: '',
    });
  },
);

test('JSON stays JSON when somebody calls it a form on its way, so its id stays its id', () => {
  const json = ' \n{"id":"7","note":"&id=8&visitor=v-2&"}';
  expect(readBody(sent(json, formType))).toEqual({ id: '7', note: '&id=8&visitor=v-2&' });
});

test('a form whose content type was changed on its way is unreadable', () => {
  expect(() => readBody(sent('id=7&visitor=v-1', 'application/json'))).toThrow(Unreadable);
});

test.for([
  ['', formType, 'the body is empty'],
  ['', 'application/json', 'the body is empty'],
  [Buffer.from([0x61, 0x3d, 0xff]), formType, 'the body is not UTF-8'],
  ['{"visitor":', 'application/json', 'the body is not JSON'],
] as const)('%j as %s: %s', ([body, type, message]) => {
  expect(() => readBody(sent(body, type))).toThrow(new Unreadable(message));
});

test('JSON in the field payload of a form is read, and nothing else of that form', () => {
  const form = new URLSearchParams({ payload: '{"id":7}', id: '8' }).toString();
  expect(readPayload(sent(form, formType))).toEqual({ id: 7 });
});

test('a form without a payload is read as it is, and so is one with two', () => {
  expect(readPayload(sent('command=%2Fvisit', formType))).toEqual({ command: '/visit' });
  expect(readPayload(sent('payload={}&payload=[]', formType))).toEqual({ payload: ['{}', '[]'] });
});

test('a payload that is no JSON is unreadable', () => {
  expect(() => readPayload(sent('payload=x', formType))).toThrow(Unreadable);
});

test('a question mark at the start of a form belongs to its first name', () => {
  expect([...readForm(Buffer.from('?a=1&b=2')).keys()]).toEqual(['?a', 'b']);
});

test('every form comes out as it was written, however its names are called', () => {
  const name = fc.oneof(
    fc.constantFrom('__proto__', 'constructor', '?', '?a', ''),
    fc.string({ unit: 'grapheme' }),
  );
  const fields = fc.array(fc.tuple(name, fc.string({ unit: 'grapheme' })), { minLength: 1 });
  fc.assert(
    fc.property(fields, (given) => {
      const form = readForm(Buffer.from(new URLSearchParams(given).toString()));
      const back = [...form].flatMap(([key, values]) => values.map((value) => [key, value]));
      // Same names stand together now; the order within each is kept.
      const grouped = [...new Set(given.map(([key]) => key))].flatMap((key) =>
        given.filter(([other]) => other === key),
      );
      expect(back).toEqual(grouped);
      expect(Object.keys(fieldsOf(form)).sort()).toEqual([...form.keys()].sort());
    }),
  );
});

test('an object is one event, with the key that its source finds in it', () => {
  const options = {
    id: (body: unknown) => textAt(body, 'id'),
    type: (body: unknown) => textAt(body, 'kind'),
  };
  expect(readEvents({ id: 'e-1', kind: 'ticket.created' }, options, fallback)).toEqual({
    events: [{ key: 'e-1', type: 'ticket.created', event: { body: { id: 'e-1', kind: 'ticket.created' } } }],
  });
});

test('where there is no id, the key is that of the request and counts for a while', () => {
  const options = { id: (body: unknown) => textAt(body, 'id') };
  const { events } = readEvents({ id: '' }, options, fallback);
  expect(events).toEqual([{ key: 'fallback', keySeconds: 300, type: 'event', event: { body: { id: '' } } }]);
});

test('a list is one event for each object; the keys tell equal ones apart; the rest is named', () => {
  const { events, faults } = readEvents([{ a: 1 }, 'text', { a: 1 }, null, [{}]], {}, fallback);
  expect(events.map(({ key }) => key)).toEqual(['fallback/0', 'fallback/2']);
  expect(faults).toEqual([
    'element 1 is not an object',
    'element 3 is not an object',
    'element 4 is not an object',
  ]);
});

test('an empty list holds nothing, and is no mistake', () => {
  expect(readEvents([], {}, fallback)).toEqual({ events: [], faults: [] });
});

test.for([7, 'text', null, true])('%j is unreadable', (body) => {
  expect(() => readEvents(body, {}, fallback)).toThrow(new Unreadable('the body is not an object'));
});

test('a function of the configuration that throws costs its own event, and no other', () => {
  const id = (body: object) => {
    if ('bad' in body) throw new TypeError('private@example.com');
    return 'id';
  };
  const { events, faults } = readEvents([{ bad: 1 }, {}], { id }, fallback);
  expect(events).toHaveLength(1);
  expect(faults).toEqual(['the id of element 0 cannot be read']);
  expect(() => readEvents({ bad: 1 }, { type: id }, fallback)).toThrow(
    new Unreadable('the type of the body cannot be read'),
  );
});

test('a type that may be of a person is not told', () => {
  const { events } = readEvents({}, { type: () => 'jane@example.com wrote' }, fallback);
  expect(events[0]?.type).toBe('other');
});

test('equal bodies have one key, and others another', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (one, other) => {
      const same = Buffer.compare(one, other) === 0;
      const keys = [one, other].map((body) => bodyKey(sent(Buffer.from(body))).key);
      expect(keys[0] === keys[1]).toBe(same);
    }),
  );
});

test('whatever comes is read or unreadable, and nothing else happens', () => {
  const body = fc.oneof(
    fc.json().map((json) => Buffer.from(json)),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.webQueryParameters().map((form) => Buffer.from(form)),
  );
  fc.assert(
    fc.property(body, fc.constantFrom(formType, 'application/json', ''), (bytes, type) => {
      try {
        readEvents(readPayload(sent(bytes, type)), {}, fallback);
      } catch (error) {
        expect(error).toBeInstanceOf(Unreadable);
      }
    }),
  );
});
