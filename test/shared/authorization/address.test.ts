import fc from 'fast-check';
import { expect, test } from 'vitest';
import { glanceAuthorization, readAuthorizationAddress } from '../../../shared/authorization/address.ts';

const rest = '/services/AuthorizationService.svc/rest';

test('credentials go to Glance itself unless it is told otherwise', () => {
  expect(glanceAuthorization).toBe('https://www.glance.net/services/AuthorizationService.svc/rest/Authorize');
  expect(readAuthorizationAddress(glanceAuthorization)).toEqual({
    server: { origin: 'https://www.glance.net', hostname: 'www.glance.net', checked: true },
    path: `${rest}/Authorize`,
    checked: true,
  });
});

test.for([
  [`https://www.glance.net${rest}/AuthorizeService`, 'https://www.glance.net', `${rest}/AuthorizeService`],
  ['https://www.glance.net:443/Authorize', 'https://www.glance.net:443', '/Authorize'],
  ['https://beta-7.acme.example/a_b/c.d/e~f', 'https://beta-7.acme.example', '/a_b/c.d/e~f'],
  ['http://127.0.0.1:4701/Authorize', 'http://127.0.0.1:4701', '/Authorize'],
  ['http://localhost:4701/Authorize', 'http://localhost:4701', '/Authorize'],
  ['http://localhost/Authorize', 'http://localhost', '/Authorize'],
  ['https://127.0.0.1:8443/Authorize', 'https://127.0.0.1:8443', '/Authorize'],
] as const)('%s can be used', ([text, origin, path]) => {
  expect(readAuthorizationAddress(text)).toMatchObject({ checked: true, server: { origin }, path });
});

test.for([
  ['http://www.glance.net/Authorize', 'is not https'],
  ['http://localhost.evil.example/Authorize', 'is not https'],
  ['http://10.0.0.1/Authorize', 'is not https'],
  ['https://www.glance.net:8443/Authorize', 'has a port other than 443'],
  ['https://www.glance.net:80/Authorize', 'has a port other than 443'],
  ['http://127.0.0.1:0/Authorize', 'has no valid port'],
  ['http://127.0.0.1:65536/Authorize', 'has no valid port'],
  ['https://user@www.glance.net/Authorize', 'is not https:// and a host name'],
  ['https://user:password@www.glance.net/Authorize', 'is not https:// and a host name'],
  ['https://www.glance.net@evil.example/Authorize', 'is not https:// and a host name'],
  ['https://WWW.glance.net/Authorize', 'does not hold a host name in lower case'],
  ['https://www.glance.net./Authorize', 'does not hold a host name in lower case'],
  ['https://www.glance.net\\@evil.example/Authorize', 'is not https:// and a host name'],
  ['https://www.glance。net/Authorize', 'does not hold a host name in lower case'],
  ['https://[::1]/Authorize', 'is not https:// and a host name'],
  ['http://127.1/Authorize', 'does not hold a host name in lower case'],
  ['http://0x7f.1:80/Authorize', 'does not hold a host name in lower case'],
  ...[
    '',
    'https://',
    'https:///Authorize',
    'https://www.glance.net',
    'https://www.glance.net/',
    'https://www.glance.net/Authorize?groupid=1',
    'https://www.glance.net/Authorize?',
    'https://www.glance.net/Authorize#x',
    'https://www.glance.net?/Authorize',
    'https://www.glance.net/Author%69ze',
    'https://www.glance.net/Authorize X',
    'https://www.glance.net/Authorize\r\nX: 1',
    'https://www.glance.net/Authorize\n',
    'https://www.glance.net/a\\b',
    'https://www.glance.net/é',
    ' https://www.glance.net/Authorize',
    'HTTPS://www.glance.net/Authorize',
    'ftp://127.0.0.1/Authorize',
    'www.glance.net/Authorize',
    '//www.glance.net/Authorize',
    '/Authorize',
  ].map((text) => [text, 'is not https://, a host name and a path'] as const),
] as const)('%j cannot: it %s', ([text, reason]) => {
  expect(readAuthorizationAddress(text)).toEqual({ checked: false, reason });
});

// Servers and what stands before them disagree about which operation these are.
test.for([
  'https://www.glance.net/..',
  'https://www.glance.net/.',
  'https://www.glance.net/services/../Authorize',
  'https://www.glance.net/services/./Authorize',
  'https://www.glance.net/services/Authorize/..',
])('%s has another path than it seems to have, so it is refused', (text) => {
  expect(readAuthorizationAddress(text).checked).toBe(false);
});

const part = fc.constantFrom(
  ...[
    'http://',
    'https://',
    'HTTPS://',
    '//',
    '/',
    '\\',
    '.',
    '..',
    '/../',
    ':443',
    ':80',
    ':',
    '@',
    'user:pw@',
  ],
  ...['www.glance.net', 'localhost', '127.0.0.1', '127.1', '0x7f.1', 'evil.example', 'glance', '[::1]', '。'],
  ...['Authorize', '?groupid=1', '#', '%2e', '%', ' ', '\n', '\t', '\0', 'é', '~', '-', '_'],
);
const anyText = fc.oneof(
  fc.string(),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.array(part, { maxLength: 7 }).map((parts) => parts.join('')),
  fc
    .tuple(fc.constantFrom('http://', 'https://'), part, part, fc.array(part, { maxLength: 4 }))
    .map(([scheme, host, port, rest]) => `${scheme}${host}${port}/${rest.join('')}`),
);

test('what is accepted means to a URL parser exactly the host and path that were checked', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const address = readAuthorizationAddress(text);
      if (!address.checked) {
        expect(address).toEqual({ checked: false, reason: expect.stringMatching(/^(is|has|does) /) });
        return;
      }
      const { server, path } = address;
      const url = new URL(`${server.origin}${path}`);
      expect(`${server.origin}${path}`).toBe(text);
      expect([url.hostname, url.pathname]).toEqual([server.hostname, path]);
      expect([url.username, url.password, url.search, url.hash]).toEqual(['', '', '', '']);
      const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+)$/.test(url.hostname);
      expect(isLoopback || (url.protocol === 'https:' && url.port === '')).toBe(true);
    }),
    { numRuns: 10_000 },
  );
});
