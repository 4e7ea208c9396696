import { hmac, keyOf, type Signed, type Signer, type Signing } from './signing.ts';

/** The option `signature` of such a source, as its kind has checked it. */
interface Scheme {
  readonly header: string;
  readonly hash: string;
  readonly encoding: 'hex' | 'base64' | 'base64url';
  readonly prefix?: string;
  readonly field?: string;
  readonly separator?: string;
  readonly signed?: string;
  readonly timestamp?: {
    readonly header?: string;
    readonly field?: string;
    readonly unit?: 's' | 'ms' | 'rfc3339';
  };
  readonly idHeader?: string;
  readonly key?: 'text' | 'base64' | 'hex';
}

/** A sender of your own, which signs as relay.config.ts says. */
export const anyHmac: Signer = {
  covers: 'body',
  sign: (signing) => {
    const scheme = signing.own.signature as Scheme; // as its kind has checked
    const { header, hash, encoding, prefix = '', field, separator = ',', timestamp, idHeader } = scheme;
    const time = timeOf(signing, scheme);
    const key = Buffer.from(keyOf(signing), scheme.key === 'text' ? 'utf8' : (scheme.key ?? 'utf8'));
    const signature = hmac(hash, key, ...partsOf(signing, scheme, time)).digest(encoding);
    const fields = [
      ...(timestamp?.field === undefined ? [] : [`${timestamp.field}=${time}`]),
      `${field}=${signature}`,
    ];
    return {
      headers: {
        [header]: field === undefined ? `${prefix}${signature}` : fields.join(separator),
        ...(timestamp?.header !== undefined && { [timestamp.header]: time }),
        ...(idHeader !== undefined && { [idHeader]: idOf(signing) }),
      },
    } satisfies Signed;
  },
};

/** Without any character that could stand beside it. */
function idOf({ id }: Signing): string {
  return id.replaceAll('-', '');
}

function timeOf({ now }: Signing, { timestamp }: Scheme): string {
  if (timestamp?.unit === 'ms') return String(now);
  return timestamp?.unit === 'rfc3339' ? new Date(now).toISOString() : String(Math.floor(now / 1_000));
}

function partsOf(signing: Signing, { signed = '{body}' }: Scheme, time: string): (string | Buffer)[] {
  const { url, body } = signing;
  const values = new Map<string, string | Buffer>([
    ['{method}', 'POST'],
    ['{url}', url],
    ['{body}', body],
    ['{timestamp}', time],
    ['{id}', idOf(signing)],
  ]);
  return signed.split(/(\{\w+\})/).map((part) => values.get(part) ?? part);
}
