import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkDirectServer,
  glance,
  isHostPattern,
  type ReportedServer,
  readPresenceAddress,
  type ServerAddress,
  type ServerRules,
} from '../../../shared/presence/address.ts';

const rules = rulesFor(glance.presence, glance.directServers);
const localRules = rulesFor('http://127.0.0.1:4701', []);

function rulesFor(presence: string, directServers: readonly string[]): ServerRules {
  const address = readPresenceAddress(presence);
  if (!address.checked) throw new Error(address.reason);
  return { presence: address, directServers };
}

function originOf(reported: ReportedServer, by = rules): string | undefined {
  const server = checkDirectServer(reported, by);
  return server.checked ? server.origin : undefined;
}

/** What a URL parser, such as the one that opens the connection, makes of an address that was accepted. */
function expectExactly(server: ServerAddress): void {
  const url = new URL(server.origin);
  expect(url.hostname).toBe(server.hostname);
  expect([url.username, url.password, url.pathname, url.search, url.hash]).toEqual(['', '', '/', '', '']);
}

describe('the direct server of an answer', () => {
  test.for([
    ['pr0016.glance.net', 'https://pr0016.glance.net'],
    ['presence0001.glance.net', 'https://presence0001.glance.net'],
    ['presence.glance.net', 'https://presence.glance.net'],
    ['PR0016.Glance.NET', 'https://pr0016.glance.net'],
  ])('%s is allowed, as %s', ([hostname = '', origin]) => {
    expect(originOf({ hostname, port: 443 })).toBe(origin);
  });

  test.for([
    'evil.example',
    'pr0016.glance.net.evil.example',
    'evil.example/pr0016.glance.net',
    'evil.example\\pr0016.glance.net',
    'evil.example#pr0016.glance.net',
    'evil.example?pr0016.glance.net',
    'user:password@pr0016.glance.net',
    'pr0016.glance.net@evil.example',
    'pr0016.glance.net.',
    '.pr0016.glance.net',
    'pr0016.glance.net:443',
    'pr0016.glance.net\n',
    ' pr0016.glance.net',
    'pr0016%2eglance.net',
    'pr0016.glance。net',
    'pr٠٠١٦.glance.net', // Arabic digits
    'рr0016.glance.net', // Cyrillic р
    'xn--r0016-g8e.glance.net',
    'pr001.glance.net',
    'pr00161.glance.net',
    'pr0016-glance.net',
    'xpr0016.glance.net',
    'glance.net',
    'localhost',
    'localhost.evil.example',
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '2130706433',
    '[::1]',
    '::1',
    '169.254.169.254',
    '',
    '.',
    'a'.repeat(300),
  ])('%j is refused', (hostname) => {
    expect(originOf({ hostname, port: 443 })).toBeUndefined();
  });

  test.for([80, 8443, 5501, 0, -443, 443.5, 65_979, Number.NaN, Number.POSITIVE_INFINITY])(
    'an allowed name at port %d is refused',
    (port) => {
      expect(originOf({ hostname: 'pr0016.glance.net', port })).toBeUndefined();
    },
  );

  test('a refusal names the host, so that somebody can allow it', () => {
    expect(checkDirectServer({ hostname: 'pr1.acme.example', port: 443 }, rules)).toEqual({
      checked: false,
      reason: 'the direct server pr1.acme.example is not allowed for this group',
    });
  });

  test('a refusal does not repeat a name that is none', () => {
    const refusal = checkDirectServer({ hostname: 'x\n{"level":"ERROR"}', port: 443 }, rules);
    expect(refusal).toEqual({ checked: false, reason: 'the direct server has no readable host name' });
  });

  test('no name whatever is accepted beside the presence host and the patterns, nor any other port', () => {
    fc.assert(
      fc.property(hostileName, fc.oneof(fc.constant(443), fc.integer(), fc.double()), (hostname, port) => {
        const server = checkDirectServer({ hostname, port }, rules);
        if (!server.checked) return;
        expect(server.origin).toMatch(/^https:\/\/(presence|(pr|presence)\d{4})\.glance\.net$/);
        expect(port).toBe(443);
        expectExactly(server);
      }),
      { numRuns: 5_000 },
    );
  });

  test('a presence host on the internet allows no server on loopback', () => {
    fc.assert(
      fc.property(loopbackName, fc.integer({ min: 1, max: 65_535 }), (hostname, port) => {
        expect(checkDirectServer({ hostname, port }, rules).checked).toBe(false);
      }),
    );
  });

  test('a presence host on loopback allows itself at any port, with its own scheme, and no other name', () => {
    fc.assert(
      fc.property(
        fc.oneof(loopbackName, hostileName),
        fc.integer({ min: -1, max: 70_000 }),
        (hostname, port) => {
          const server = checkDirectServer({ hostname, port }, localRules);
          const fits = hostname === '127.0.0.1' && port >= 1 && port <= 65_535;
          expect(server.checked).toBe(fits);
          if (server.checked) expect(server.origin).toBe(`http://127.0.0.1:${port}`);
        },
      ),
    );
  });

  test('hosts of a customer are allowed by their own names and patterns alone', () => {
    const own = rulesFor('https://presence.acme.example', ['p##.acme.example', 'acme.example']);
    expect(originOf({ hostname: 'p07.acme.example', port: 443 }, own)).toBe('https://p07.acme.example');
    expect(originOf({ hostname: 'acme.example', port: 443 }, own)).toBe('https://acme.example');
    expect(originOf({ hostname: 'p7.acme.example', port: 443 }, own)).toBeUndefined();
    expect(originOf({ hostname: 'p##.acme.example', port: 443 }, own)).toBeUndefined();
    expect(originOf({ hostname: 'pr0016.glance.net', port: 443 }, own)).toBeUndefined();
  });

  test('a pattern allows exactly the names with a digit at each #', () => {
    const pattern = fc.stringMatching(/^[a-c#]{1,4}\.[a-c#]{1,4}\.example$/);
    const name = fc.stringMatching(/^[a-c0-2#]{1,4}\.[a-c0-2#]{1,4}\.example$/);
    fc.assert(
      fc.property(pattern, name, (allowed, hostname) => {
        const wanted = new RegExp(`^${allowed.replaceAll('.', '\\.').replaceAll('#', '\\d')}$`);
        const server = checkDirectServer({ hostname, port: 443 }, rulesFor(glance.presence, [allowed]));
        expect(server.checked).toBe(wanted.test(hostname));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a host pattern of the configuration', () => {
  test.for(['pr####.glance.net', 'localhost', 'a-b.example', '#', '127.0.0.1'])('%j is one', (text) => {
    expect(isHostPattern(text)).toBe(true);
  });

  test.for([
    '',
    '*.glance.net',
    'Pr.glance.net',
    'pr.glance.net.',
    'a..b',
    '-a.b',
    'a b',
    'a/b',
    'a:1',
    'a_b',
  ])('%j is none', (text) => {
    expect(isHostPattern(text)).toBe(false);
  });
});

describe('the address of a presence load balancer', () => {
  test.for([
    'https://presence.glance.net',
    'https://presence.glance.net:443',
    'https://acme-presence.glance.net',
    'http://127.0.0.1:4701',
    'http://localhost:4701',
    'https://127.0.0.1:8443',
    'http://localhost',
  ])('%s can be used', (text) => {
    const address = readPresenceAddress(text);
    expect(address).toMatchObject({ checked: true, origin: text });
    if (address.checked) expectExactly(address);
  });

  test.for([
    'http://presence.glance.net',
    'https://presence.glance.net:8443',
    'https://presence.glance.net/',
    'https://presence.glance.net/path',
    'https://user@presence.glance.net',
    'https://user:password@presence.glance.net',
    'https://Presence.glance.net',
    'https://presence.glance.net.',
    'https://presence.glance.net\\@evil.example',
    'https://presence.glance.net?x',
    'https://presence.glance.net#x',
    'https://présence.glance.net',
    'http://localhost.evil.example:80',
    'http://127.1:80',
    'http://0x7f.1:80',
    'http://[::1]:80',
    'http://127.0.0.1:99999',
    'http://127.0.0.1:123456',
    'ftp://127.0.0.1',
    'presence.glance.net',
    '//presence.glance.net',
    ' https://presence.glance.net',
    'https://presence.glance.net\n',
    '',
  ])('%j cannot, and the reason is given', (text) => {
    expect(readPresenceAddress(text)).toEqual({ checked: false, reason: expect.stringMatching(/\w/) });
  });

  test.for(['http://127.0.0.256', 'http://127.999.0.1:80', 'http://127.010.0.1', 'http://127.0.0.1:0'])(
    '%s is no address that a connection could be made to, so it is refused',
    (text) => {
      expect(readPresenceAddress(text).checked).toBe(false);
    },
  );

  test('what is accepted means to a URL parser exactly the host that was checked, https or loopback', () => {
    const text = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.constantFrom('http://', 'https://', 'HTTPS://', ''), hostileName)
        .map((part) => part.join('')),
      fc
        .tuple(fc.constantFrom('http://', 'https://'), loopbackName, fc.nat(70_000))
        .map(([scheme, name, port]) => `${scheme}${name}:${port}`),
      fc.webUrl(),
    );
    fc.assert(
      fc.property(text, (given) => {
        const address = readPresenceAddress(given);
        if (!address.checked) return;
        expectExactly(address);
        const { protocol, hostname, port } = new URL(address.origin);
        const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+)$/.test(hostname);
        expect(isLoopback || (protocol === 'https:' && port === '')).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});

const loopbackName = fc.oneof(
  fc.constantFrom('localhost', '127.0.0.1', '127.1', '0x7f.1', '0.0.0.0', '[::1]', 'localhost.evil.example'),
  fc.tuple(fc.nat(999), fc.nat(999), fc.nat(999)).map(([a, b, c]) => `127.${a}.${b}.${c}`),
);

/** Names near to the allowed ones, with what parsers disagree about put in between. */
const hostileName = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.domain(),
  fc.ipV4Extended(),
  fc.ipV6(),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          'pr',
          'presence',
          '0016',
          '0001',
          '.glance.net',
          '.glance',
          'net',
          '.',
          '..',
          '-',
          '#',
        ),
        fc.constantFrom(
          '@',
          ':',
          '/',
          '\\',
          '?',
          '%2e',
          '\n',
          '\t',
          '\0',
          ' ',
          '。',
          '．',
          'ｐ',
          'ﬁ',
          'İ',
          'ſ',
        ),
        fc.constantFrom('evil.example', 'user:pw@', ':443', 'xn--', 'GLANCE', '[', ']'),
      ),
      { minLength: 1, maxLength: 6 },
    )
    .map((parts) => parts.join('')),
);
