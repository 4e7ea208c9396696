import { createHash } from 'node:crypto';
import { hmac, keyOf, type Signed, type Signer, type Signing } from './signing.ts';

/** Vendors that sign the address too. */
export const addressSigners: Readonly<Record<string, Signer>> = {
  hubspot: {
    covers: 'body',
    sign: (signing) => {
      const { versions = ['v3'] } = signing.own as { versions?: readonly string[] }; // as its kind has checked
      if (versions.includes('v3')) return hubspotV3(signing);
      const [version = 'v2'] = versions;
      const secret = keyOf(signing);
      const before = version === 'v1' ? secret : `${secret}POST${signing.url}`;
      const signature = createHash('sha256').update(before).update(signing.body).digest('hex');
      return { headers: { 'x-hubspot-signature-version': version, 'x-hubspot-signature': signature } };
    },
  },
  twilio: {
    covers: 'body',
    sign: (signing) => (signing.contentType.includes('form') ? twilioForm(signing) : twilioJson(signing)),
  },
};

/** The time comes last, in milliseconds. */
function hubspotV3(signing: Signing): Signed {
  const time = String(signing.now);
  const signature = hmac('sha256', keyOf(signing), `POST${signing.url}`, signing.body, time);
  return {
    headers: {
      'x-hubspot-request-timestamp': time,
      'x-hubspot-signature-v3': signature.digest('base64'),
    },
  };
}

/** The address, and each field by its name, the decoded value right behind it. */
function twilioForm(signing: Signing): Signed {
  const fields = [...new URLSearchParams(signing.body.toString())].sort(([one], [other]) =>
    one < other ? -1 : 1,
  );
  const signed = signing.url + fields.map(([name, value]) => name + value).join('');
  return { headers: { 'x-twilio-signature': hmac('sha1', keyOf(signing), signed).digest('base64') } };
}

/** The address alone, which holds a hash of the body. */
function twilioJson(signing: Signing): Signed {
  const bodySHA256 = createHash('sha256').update(signing.body).digest('hex');
  const signed = `${signing.url}?bodySHA256=${bodySHA256}`;
  return {
    headers: { 'x-twilio-signature': hmac('sha1', keyOf(signing), signed).digest('base64') },
    query: { bodySHA256 },
  };
}
