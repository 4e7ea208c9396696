import type { ServerAddress } from '../../../shared/presence/address.ts';
import { PresenceError, type PresenceErrorCode } from '../../../shared/presence/errors.ts';
import { type ResponseHead, TransportError } from '../../../shared/presence/transport.ts';
import { type Finding, finding } from '../report.ts';

/** What failed, in words. Throws what is no failure of the service again. */
export function explain(error: unknown, server: ServerAddress, limitMs: number): Finding {
  if (error instanceof PresenceError) return finding('fail', error.message, hints(server)[error.code]);
  if (!(error instanceof TransportError)) throw error;
  if (error.late) return finding('fail', `no whole answer within ${Math.round(limitMs / 1_000)} s`);
  if (error.tooLong) return finding('fail', error.message);
  const code = codeOf(error.cause);
  const { says = 'the connection failed', hint } = troubles.find(({ codes }) => codes.test(code)) ?? {};
  const isHere = server.origin.startsWith('http:'); // which is for loopback addresses alone
  return finding('fail', `${server.hostname}: ${says}${code && ` (${code})`}`, isHere ? 'is it up?' : hint);
}

/** The relay follows no redirect, because it would take the token along. */
export function redirected({ status, headers }: ResponseHead, server: ServerAddress): Finding {
  const { location } = headers;
  const target = typeof location === 'string' ? URL.parse(location, server.origin)?.hostname : undefined;
  const where = target ? ` to ${target}` : '';
  return finding(
    'fail',
    `the service sends us on${where} (${status}), and the relay follows no redirects`,
    `is ${server.hostname} the Presence host of this group? It is "presence" of the group in relay.config.ts`,
  );
}

function hints({ hostname }: ServerAddress): Partial<Record<PresenceErrorCode, string>> {
  return {
    authorization:
      'it has to be a token of this very group, for the service "presence", of an agent who may use Presence, and not revoked',
    'invalid-answer': `is ${hostname} the Presence host of this group? It is "presence" of the group in relay.config.ts`,
    unavailable: 'it is overloaded, or failing; ask again in a minute',
  };
}

const proxies = 'does this machine reach the internet directly? The probe goes through no proxy';
const inspected =
  'if your network inspects TLS, give its certificate authority to Node.js (NODE_EXTRA_CA_CERTS), or ask from elsewhere';

interface Trouble {
  readonly codes: RegExp;
  readonly says: string;
  readonly hint?: string;
}

/** By the codes of Node.js, OpenSSL and undici. */
const troubles: readonly Trouble[] = [
  { codes: /ENOTFOUND|EAI_AGAIN/, says: 'there is no such host in the DNS', hint: proxies },
  { codes: /ECONNREFUSED/, says: 'nobody listens there', hint: proxies },
  {
    codes: /CONNECT_TIMEOUT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    says: 'no connection came about',
    hint: proxies,
  },
  { codes: /HEADERS_TIMEOUT|BODY_TIMEOUT/, says: 'it took the request and fell silent' },
  {
    codes: /ALTNAME|CERT|ISSUER|SIGNATURE/,
    says: 'its TLS certificate is not one that Node.js trusts',
    hint: inspected,
  },
  { codes: /SSL|EPROTO/, says: 'it speaks no TLS that Node.js understands', hint: inspected },
  { codes: /ECONNRESET|EPIPE|UND_ERR_SOCKET/, says: 'the connection broke off' },
  { codes: /HPE_|HTTPParser|UND_ERR_(RES|HEADERS)/, says: 'what it says is no HTTP' },
];

function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return '';
  // The parser of undici gives its errors a name and no code.
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}
