import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';

export interface Signer {
  readonly credentials: Credentials | (() => Promise<Credentials>);
  readonly region: string;
  /** In the words of signatures: API Gateway's own methods are `execute-api`. */
  readonly service: string;
  /** When the signature says it was made, in milliseconds since 1970; now unless given. */
  readonly now?: () => number;
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** What of a request can be signed: a body that is there as a whole. */
export interface SignedRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** `fetch`, with the signature (AWS Signature Version 4) that API Gateway and AWS's services want. */
export function signedFetch({ credentials, region, service, now = Date.now }: Signer) {
  const signer = new SignatureV4({ credentials, region, service, sha256: Hash.bind(null, 'sha256') });
  return async (address: string, request: SignedRequest = {}): Promise<Response> => {
    const { method = 'GET', headers = {}, body, signal } = request;
    const url = asSigned(new URL(address));
    const { headers: signed } = await signer.sign(
      {
        method,
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: queryOf(url),
        headers: { ...lowerCased(headers), host: url.host },
        ...(body !== undefined && { body }),
      },
      { signingDate: new Date(now()) },
    );
    const { host: _, ...sent } = signed;
    return await fetch(url, {
      method,
      headers: sent,
      redirect: 'error',
      body: body ?? null,
      signal: signal ?? null,
    });
  };
}

/** As signatures have it, so that nobody has to guess what a plus sign or a tilde was. */
function asSigned(url: URL): URL {
  const pairs = [...url.searchParams].map(([name, value]) => `${escaped(name)}=${escaped(value)}`);
  return new URL(`${url.pathname}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`, url);
}

function escaped(text: string): string {
  const code = (one: string) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, code);
}

/** With the values of a parameter that is given several times. */
function queryOf({ searchParams }: URL): Record<string, string | string[]> {
  const names = new Set(searchParams.keys());
  return Object.fromEntries(
    [...names].map((name) => {
      const [value = '', ...more] = searchParams.getAll(name);
      return [name, more.length > 0 ? [value, ...more] : value];
    }),
  );
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
