import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readXml } from '../../../shared/webhooks/body/xml.ts';
import { salesforceOutboundMessage } from '../../../shared/webhooks/salesforce-outbound-message.ts';
import { Unreadable } from '../../../shared/webhooks/source.ts';
import { webhookRequest } from '../../support/webhook.ts';

const organizationId = '00D50000000IZ3ZEAW';
const key = 'a-secret-in-the-address';
const session = '00D50000000IZ3Z!AQ0AQDlive.session.that.opens.everything';

const source = salesforceOutboundMessage({ group: 15687, organizationId, signal: () => null });

interface Parts {
  readonly organization?: string;
  readonly sessionId?: string;
  readonly notifications?: string;
}

function message({ organization = organizationId, sessionId, notifications = notification() }: Parts = {}) {
  return `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>${organization}</OrganizationId>
   <ActionId>04k50000000TNOkAAO</ActionId>
   ${sessionId === undefined ? '<SessionId xsi:nil="true"/>' : `<SessionId>${sessionId}</SessionId>`}
   <EnterpriseUrl>https://example.my.salesforce.com/services/Soap/c/60.0/00D50000000IZ3Z</EnterpriseUrl>
   <PartnerUrl>https://example.my.salesforce.com/services/Soap/u/60.0/00D50000000IZ3Z</PartnerUrl>
   ${notifications}
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>`;
}

function notification(fields = '', id = '04l5000000AbcDeAAJ', record = '003D000000QOMqNIAX') {
  return `<Notification><Id>${id}</Id>
    <sObject xsi:type="sf:Contact" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
     <sf:Id>${record}</sf:Id>${fields}
    </sObject>
   </Notification>`;
}

function read(body: string | Buffer) {
  return source.read(webhookRequest({ query: { code: key }, body }));
}

function fieldsOf(fields: string) {
  return read(message({ notifications: notification(fields) })).events[0]?.event;
}

test('a message with one notification is one event, known by the id of its notification', () => {
  const fields = '<sf:Email>jo@example.com</sf:Email><sf:Visitor_Id__c>vis_9f3</sf:Visitor_Id__c>';
  expect(read(message({ notifications: notification(fields) }))).toEqual({
    events: [
      {
        key: '04l5000000AbcDeAAJ',
        type: 'Contact',
        event: {
          notificationId: '04l5000000AbcDeAAJ',
          organizationId,
          actionId: '04k50000000TNOkAAO',
          type: 'Contact',
          id: '003D000000QOMqNIAX',
          fields: { Id: '003D000000QOMqNIAX', Email: 'jo@example.com', Visitor_Id__c: 'vis_9f3' },
        },
      },
    ],
    faults: [],
  });
});

test('a message with a hundred notifications is a hundred events, in order', () => {
  const ids = Array.from({ length: 100 }, (_, at) => `04l50000000000${String(at).padStart(4, '0')}`);
  const { events } = read(message({ notifications: ids.map((id) => notification('', id)).join('\n') }));
  expect(events.map((event) => event.key)).toEqual(ids);
});

describe('a field', () => {
  test.for(['00123', '12.50', '1e5', '0x10', 'true', '+14155550100', ' spaced ', '12345678901234567890'])(
    'with %j keeps every character',
    (value) => {
      expect(fieldsOf(`<sf:Value__c>${value}</sf:Value__c>`)).toMatchObject({ fields: { Value__c: value } });
    },
  );

  test('that is nil is null; an empty one is an empty text', () => {
    const event = fieldsOf(
      '<sf:A__c xsi:nil="true"/><sf:B__c xsi:nil="1"></sf:B__c><sf:C__c/><sf:D__c></sf:D__c>',
    );
    expect(event).toMatchObject({ fields: { A__c: null, B__c: null, C__c: '', D__c: '' } });
  });

  test('is read with its entities', () => {
    expect(fieldsOf('<sf:Name>Smith &amp; &lt;Sons&gt; &#252;ber</sf:Name>')).toMatchObject({
      fields: { Name: 'Smith & <Sons> über' },
    });
  });

  test('may come under any prefix', () => {
    const other = message()
      .replaceAll('sf:', 'ns2:')
      .replaceAll('xmlns:sf=', 'xmlns:ns2=')
      .replaceAll('soapenv', 'S');
    expect(read(other).events).toEqual(read(message()).events);
  });
});

describe('the session of Salesforce', () => {
  test('never gets into what is read', () => {
    const reading = read(message({ sessionId: session }));
    expect(reading.events).toHaveLength(1);
    expect(JSON.stringify(reading)).not.toContain('session');
    expect(JSON.stringify(reading)).not.toContain('SessionId');
  });

  test('never gets into what is said of a message that cannot be read', () => {
    const withSession = message({ sessionId: session });
    fc.assert(
      fc.property(fc.nat(withSession.length), fc.nat(40), (at, length) => {
        const broken = withSession.slice(0, at) + withSession.slice(at + length);
        let said: string;
        try {
          said = JSON.stringify(read(broken));
        } catch (error) {
          said = String(error);
        }
        expect(said).not.toContain('live.session');
      }),
    );
  });
});

describe('the organization', () => {
  test('may be given and come with 15 characters or 18', () => {
    const short = organizationId.slice(0, 15);
    const shortly = salesforceOutboundMessage({ group: 1, organizationId: short, signal: () => null });
    expect(shortly.flaws).toEqual([]);
    for (const organization of [short, organizationId]) {
      const request = webhookRequest({ body: message({ organization }) });
      for (const one of [source, shortly]) {
        expect(one.read(request).events[0]?.event).toMatchObject({ organizationId });
      }
    }
  });

  test.for([
    '00D50000000IZ3YEAW',
    '00D50000000iZ3Z',
    '00d50000000IZ3ZEAW',
    '00D50000000IZ3ZEAX',
    '00550000001fg5OAAQ',
    'x',
  ])('%s is another one', (organization) => {
    expect(() => read(message({ organization }))).toThrow('of another organization');
  });

  test('that is none is a flaw of the configuration', () => {
    for (const wrong of ['', '00D', '00550000001fg5OAAQ', '00D50000000IZ3ZEAX', '00d50000000IZ3Z']) {
      const { flaws } = salesforceOutboundMessage({ group: 1, organizationId: wrong, signal: () => null });
      expect(flaws.map(({ path }) => path)).toEqual([['organizationId']]);
    }
  });
});

describe('a message that is not whole', () => {
  test.for([
    ['no SOAP', '<a/>', 'no SOAP envelope'],
    ['another SOAP', message().replace('schemas.xmlsoap.org', 'www.w3.org'), 'no SOAP envelope'],
    ['no body', message().replaceAll('soapenv:Body', 'soapenv:Header'), 'there is no Body'],
    ['another namespace', message().replace('2005/09', '2006/09'), 'there is no notifications'],
    ['no organization', message({ organization: ' ' }), 'the OrganizationId is empty'],
    [
      'two organizations',
      message({ organization: 'x</OrganizationId><OrganizationId>y' }),
      'more than one OrganizationId',
    ],
    ['no notification', message({ notifications: '' }), 'there is no Notification'],
    ['a document type', message().replace('<soapenv:E', '<!DOCTYPE x><soapenv:E'), 'holds a declaration'],
  ] as const)('cannot be read: %s', ([, body, fault]) => {
    expect(() => read(body)).toThrow(Unreadable);
    expect(() => read(body)).toThrow(fault);
  });

  test('gives the notifications that are, and names the others by their place', () => {
    const parts = [
      notification('', '04l1'),
      notification('', ''),
      notification('', '04l3', ''),
      notification('', '04l4').replace(' xsi:type="sf:Contact"', ''),
      '<Notification><Id>04l5</Id></Notification>',
      notification('', '04l6'),
    ];
    const { events, faults } = read(message({ notifications: parts.join('') }));
    expect(events.map((event) => event.key)).toEqual(['04l1', '04l6']);
    expect(faults).toEqual([
      'notification 2: the Id is empty',
      'notification 3: the record has no Id',
      'notification 4: the record has no type',
      'notification 5: there is no sObject',
    ]);
  });

  test('is refused as unreadable, whichever part of it is missing or doubled', () => {
    const whole = message();
    fc.assert(
      fc.property(
        fc.nat(whole.length),
        fc.nat(whole.length),
        fc.string({ maxLength: 4 }),
        (from, to, put) => {
          try {
            read(whole.slice(0, from) + put + whole.slice(to));
          } catch (error) {
            expect(error).toBeInstanceOf(Unreadable);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('what lets a message in', () => {
  const verdict = (code: readonly string[] | string | undefined, keys = [key]) =>
    source.authenticate(
      webhookRequest({ body: message(), ...(code !== undefined && { query: { code } }) }),
      { keys },
      0,
    );

  test('is the secret in the address, once; any of several', () => {
    expect(verdict(key)).toBe('authentic');
    expect(verdict(key, ['an-older-secret-of-ours', key])).toBe('authentic');
    expect(verdict([key, key])).toBe('malformed');
    expect(verdict([key, 'x'])).toBe('malformed');
    expect(verdict(undefined)).toBe('missing');
    expect(verdict('')).toBe('missing');
  });

  test('is nothing else, and nothing makes it throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constant(organizationId)), (code) => {
        fc.pre(code !== key);
        expect(verdict(code)).not.toBe('authentic');
      }),
    );
  });

  test('is decided before anything is parsed', () => {
    const hostile = webhookRequest({ query: { code: 'wrong' }, body: '<!DOCTYPE a><a>' });
    expect(source.authenticate(hostile, { keys: [key] }, 0)).toBe('mismatch');
  });
});

describe('Salesforce is answered', () => {
  test('with the acknowledgement that it needs, where it shall not come again', () => {
    const { accepted, unreadable } = source.answers;
    for (const { status, headers, body = '' } of [accepted, unreadable]) {
      expect(status).toBe(200);
      expect(headers).toEqual({ 'content-type': 'text/xml; charset=utf-8' });
      const ack = readXml(Buffer.from(body)).children[0]?.children[0];
      expect(ack?.name).toBe('{http://soap.sforce.com/2005/09/outbound}notificationsResponse');
      expect(ack?.children).toMatchObject([
        { name: '{http://soap.sforce.com/2005/09/outbound}Ack', text: 'true' },
      ]);
    }
  });

  test('with a no in both of its languages, where it shall', () => {
    const { status, body = '' } = source.answers.unavailable;
    expect(status).toBe(503);
    expect(readXml(Buffer.from(body)).children[0]?.children[0]?.children[0]?.text).toBe('false');
  });
});

test('a hundred records with ten thousand characters each are not too large', () => {
  const notes = notification(`<sf:Notes__c>${'x'.repeat(10_000)}</sf:Notes__c>`);
  expect(message({ notifications: notes.repeat(100) }).length).toBeLessThan(source.maxBytes);
});

test('people are told that nothing is signed', () => {
  expect(source).toMatchObject({ kind: 'salesforce-outbound-message', transport: 'http', signsUrl: false });
  expect(source.hasReplayProtection).toBe(false);
  expect(source.lists.keys?.flaw?.('schlüssel-von-uns-allen')).toMatch(/^may hold letters/);
});
