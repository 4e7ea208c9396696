import { hmac, jsonOf, keyOf, type Signer, type Signing } from './signing.ts';

/** A vendor that signs the body alone, under this header. */
function ofBody(
  header: string,
  hash: string,
  encoding: 'hex' | 'base64',
  { prefix = '', more = {} }: { prefix?: string; more?: Readonly<Record<string, string>> } = {},
): Signer {
  return {
    covers: 'body',
    sign: (signing) => {
      const signature = hmac(hash, keyOf(signing), signing.body).digest(encoding);
      return { headers: { ...more, [header]: `${prefix}${signature}` } };
    },
  };
}

const seconds = ({ now }: Signing) => String(Math.floor(now / 1_000));

/** Vendors that sign the body, some of them with a time, none with the address. */
export const bodySigners: Readonly<Record<string, Signer>> = {
  github: ofBody('x-hub-signature-256', 'sha256', 'hex', {
    prefix: 'sha256=',
    more: { 'x-github-event': 'repository_dispatch' },
  }),
  atlassian: ofBody('x-hub-signature', 'sha256', 'hex', { prefix: 'sha256=' }),
  genesys: ofBody('x-hub-signature-256', 'sha256', 'base64', { prefix: 'sha256=' }),
  shopify: ofBody('x-shopify-hmac-sha256', 'sha256', 'base64', {
    more: { 'x-shopify-topic': 'checkouts/update' },
  }),
  intercom: ofBody('x-hub-signature', 'sha1', 'hex', { prefix: 'sha1=' }),

  zendesk: {
    covers: 'body',
    sign: (signing) => {
      const time = new Date(signing.now).toISOString().replace(/\.\d+Z$/, 'Z');
      // The key looks like base64, and is used as the text that it is.
      const signature = hmac('sha256', keyOf(signing), time, signing.body).digest('base64');
      return {
        headers: {
          'x-zendesk-account-id': '12514403',
          'x-zendesk-webhook-id': '01HZX3V8J9QK2M4N6P8R0T2V4X',
          'x-zendesk-webhook-signature': signature,
          'x-zendesk-webhook-signature-timestamp': time,
        },
      };
    },
  },

  slack: {
    covers: 'body',
    sign: (signing) => {
      const time = seconds(signing);
      const signature = hmac('sha256', keyOf(signing), `v0:${time}:`, signing.body).digest('hex');
      return { headers: { 'x-slack-request-timestamp': time, 'x-slack-signature': `v0=${signature}` } };
    },
  },

  stripe: {
    covers: 'body',
    sign: (signing) => {
      const time = seconds(signing);
      const signature = hmac('sha256', keyOf(signing), `${time}.`, signing.body).digest('hex');
      return { headers: { 'stripe-signature': `t=${time},v1=${signature}` } };
    },
  },

  'standard-webhooks': {
    covers: 'body',
    sign: (signing) => {
      const time = seconds(signing);
      // Of a public key, only the sender has the other half.
      const key = signing.keys.keys?.find((one) => !one.startsWith('whpk_')) ?? '';
      const secret = Buffer.from(key.replace('whsec_', ''), 'base64');
      const id = `msg_${signing.id.replaceAll('-', '')}`;
      const signature = hmac('sha256', secret, `${id}.${time}.`, signing.body).digest('base64');
      return {
        headers: { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': `v1,${signature}` },
      };
    },
  },

  segment: {
    covers: 'body',
    sign: (signing) => {
      // Segment signs what it has put into JSON itself: of several events, the first.
      const data = jsonOf(signing);
      const signed = JSON.stringify(Array.isArray(data) ? data[0] : data);
      const { batchHeader } = signing.own;
      return {
        headers: {
          'x-signature': hmac('sha1', keyOf(signing), signed).digest('hex'),
          ...(typeof batchHeader === 'string' && { [batchHeader]: keyOf(signing, 'batch') }),
        },
        body: Buffer.from(JSON.stringify(data)),
      };
    },
  },
};
