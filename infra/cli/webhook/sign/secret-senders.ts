import { jsonOf, keyOf, option, type Signed, type Signer, type Signing } from './signing.ts';

function sending(sign: (signing: Signing) => Signed): Signer {
  return { covers: 'nothing', sign };
}

const basic = sending((signing) => ({
  headers: { authorization: `Basic ${Buffer.from(keyOf(signing)).toString('base64')}` },
}));

/** Those that sign nothing and bring a secret, wherever their options say. */
export const secretSenders: Readonly<Record<string, Signer>> = {
  'salesforce-outbound-message': sending((signing) => ({ query: { code: keyOf(signing) } })),
  'salesforce-callout': sending((signing) => ({
    headers: { [option(signing, 'header', 'x-relay-key')]: keyOf(signing) },
  })),
  dataverse: sending((signing) => {
    const { authentication } = signing.own;
    const place: { header?: string; query?: string } =
      typeof authentication === 'object' && authentication !== null ? authentication : {};
    const { header, query = 'code' } = place;
    return {
      headers: {
        'x-ms-dynamics-entity-name': 'contact',
        'x-ms-dynamics-request-name': 'Update',
        ...(header !== undefined && { [header]: keyOf(signing) }),
      },
      ...(header === undefined && { query: { [query]: keyOf(signing) } }),
    };
  }),
  'header-secret': sending((signing) => ({
    headers: { [option(signing, 'header', '')]: option(signing, 'prefix', '') + keyOf(signing) },
  })),
  'query-secret': sending((signing) => ({ query: { [option(signing, 'parameter', '')]: keyOf(signing) } })),
  pipedrive: basic,
  'basic-auth': basic,
  'body-token': sending((signing) => {
    const body = jsonOf(signing);
    // A JSON pointer (RFC 6901).
    const steps = option(signing, 'at', '').split('/').slice(1);
    put(
      body,
      steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~')),
      keyOf(signing),
    );
    return { body: Buffer.from(JSON.stringify(body)) };
  }),
};

function put(into: unknown, [name = '', ...rest]: readonly string[], value: string): void {
  if (typeof into !== 'object' || into === null) return;
  if (rest.length === 0) Reflect.set(into, name, value);
  else {
    if (!Reflect.has(into, name)) Reflect.set(into, name, {});
    put(Reflect.get(into, name), rest, value);
  }
}
