import fc from 'fast-check';
import { expect, test } from 'vitest';
import { atlassian } from '../../../shared/webhooks/atlassian.ts';
import { basicAuth } from '../../../shared/webhooks/basic-auth.ts';
import { bodyToken } from '../../../shared/webhooks/body-token.ts';
import { genesys } from '../../../shared/webhooks/genesys.ts';
import { github } from '../../../shared/webhooks/github.ts';
import { headerSecret } from '../../../shared/webhooks/header-secret.ts';
import { hmac } from '../../../shared/webhooks/hmac.ts';
import { querySecret } from '../../../shared/webhooks/query-secret.ts';
import { shopify } from '../../../shared/webhooks/shopify.ts';
import { slack } from '../../../shared/webhooks/slack.ts';
import type { Source } from '../../../shared/webhooks/source.ts';
import { stripe } from '../../../shared/webhooks/stripe.ts';
import { twilio } from '../../../shared/webhooks/twilio.ts';
import { webhookRequest } from '../../support/webhook.ts';

const usual = { group: 12345, signal: () => null };
const signature = { header: 'x-signature', hash: 'sha256', encoding: 'hex' } as const;

const right: Record<string, Source> = {
  hmac: hmac({ ...usual, signature }),
  'header-secret': headerSecret({ ...usual, header: 'x-key' }),
  'query-secret': querySecret({ ...usual, parameter: 'code' }),
  'basic-auth': basicAuth(usual),
  'body-token': bodyToken({ ...usual, at: '/token' }),
  github: github(usual),
  atlassian: atlassian(usual),
  genesys: genesys(usual),
  slack: slack(usual),
  stripe: stripe(usual),
  shopify: shopify(usual),
  twilio: twilio(usual),
};

test.for(Object.entries(right))(
  '%s has the name of its function, one list of keys, and lets in nobody without',
  ([kind, source]) => {
    expect(source.kind).toBe(kind);
    expect(source.flaws).toEqual([]);
    expect(Object.keys(source.lists)).toEqual(['keys']);
    const request = webhookRequest({ body: '{}', url: 'https://relay.example.com/webhooks/it' });
    expect(source.authenticate(request, { keys: [] }, 0)).toBe('missing');
  },
);

/** As it would be without types: anything may stand anywhere. */
const makers = {
  hmac,
  headerSecret,
  querySecret,
  basicAuth,
  bodyToken,
  github,
  slack,
  stripe,
  twilio,
} as unknown as Record<string, (options: unknown) => Source>;

test.for(Object.entries(makers))(
  '%s: whatever else its options are, they have flaws, and nothing is thrown',
  ([, make]) => {
    fc.assert(
      fc.property(fc.object(), fc.string(), fc.anything(), (options, name, value) => {
        expect(make(options).flaws).not.toEqual([]);
        expect(make({ ...usual, [`${name}?`]: value }).flaws).not.toEqual([]);
      }),
    );
  },
);
