import * as z from 'zod/mini';
import { arn } from './arn.ts';

const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
const hostName = new RegExp(`^(?=.{1,253}$)${label}(\\.${label})+$`);
const originForm = new RegExp(
  `^(https://${label}(\\.${label})*|http://(localhost|127\\.0\\.0\\.1))(:\\d{1,5})?$`,
);

/** As a browser writes it: whatever differs from that would never be the origin of a page. */
function isOrigin(text: string): boolean {
  return originForm.test(text) && URL.parse(text)?.origin === text;
}

/** An address of the company's own in place of the one that API Gateway gives. */
const domain = z.strictObject({
  name: z.string().check(z.regex(hostName, 'must be a host name in lower case')),
  /** A certificate for it in AWS Certificate Manager, in the region of the stack. */
  certificateArn: arn('acm', 'certificate/[A-Za-z0-9-]+', 'certificate/<id>'),
  /** The Route 53 zone that shall point to it; without it, the outputs tell what to enter in your DNS. */
  zone: z.optional(
    z.strictObject({
      id: z.string().check(z.regex(/^Z[A-Z0-9]{1,31}$/, 'must be the id of a hosted zone: Z…')),
      name: z.string().check(z.regex(hostName, 'must be a host name in lower case')),
    }),
  ),
});

/** As `isOrigin`, with a path behind it if need be: what stands before `/webhooks/…`. */
function isPublicUrl(text: string): boolean {
  const url = URL.parse(text);
  if (!url) return false;
  const isLocal = url.protocol === 'http:' && ['localhost', '127.0.0.1'].includes(url.hostname);
  const written = url.pathname === '/' ? url.origin : `${url.origin}${url.pathname}`;
  return (
    (url.protocol === 'https:' || isLocal) &&
    text === written &&
    /^[\w/.:~-]+$/.test(text) &&
    !text.endsWith('/')
  );
}

const publicUrl = z
  .string()
  .check(
    z.refine(
      isPublicUrl,
      'must be https:// and a host name in lower case, with a path if need be; no query, no escapes, no slash at its end',
    ),
  );

/** Pages that may call the relay from a browser, with credentials for AWS of their own. */
const cors = z.strictObject({
  origins: z
    .array(
      z
        .string()
        .check(
          z.refine(
            isOrigin,
            'must be as a browser sends it: https://, a host name in lower case, a port unless it is 443, no slash at its end (http for localhost and 127.0.0.1 alone)',
          ),
        ),
    )
    .check(z.minLength(1, 'must hold at least one origin')),
});

const waf = z.strictObject({
  webAclArn: arn('wafv2', 'regional/webacl/[\\w-]+/[A-Za-z0-9-]+', 'regional/webacl/<name>/<id>'),
});

/** For each endpoint, of all callers together; what is beyond is answered with `too-many-requests`. */
const throttle = z.strictObject({
  /** Calls per second, in the long run. */
  rate: z._default(
    z.number().check(z.gte(0.1, 'must be at least 0.1'), z.lte(10_000, 'must be at most 10000')),
    100,
  ),
  /** Calls at once. */
  burst: z._default(z.int().check(z.gte(1, 'must be at least 1'), z.lte(5_000, 'must be at most 5000')), 200),
});

/** Who hears of alarms: an existing SNS topic, or somebody by mail. */
const alarms = z
  .strictObject({
    topicArn: z.optional(arn('sns', '[\\w-]{1,256}', '<topic>')),
    email: z.optional(z.string().check(z.regex(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'must be an e-mail address'))),
  })
  .check(
    z.refine(
      ({ topicArn, email }) => (topicArn === undefined) !== (email === undefined),
      'must hold either "topicArn" or "email"',
    ),
  );

/** The periods that CloudWatch Logs knows. */
const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653,
] as const;

const logs = z.strictObject({
  retentionDays: z._default(z.literal(retentionDays), 90),
  /**
   * API Gateway writes logs by one role per account and region. `create`: the stack makes one and sets it;
   * `existing`: the account has one already, which stays.
   */
  gatewayRole: z._default(z.enum(['create', 'existing']), 'create'),
});

/** What of `relay.config.ts` is about the stack on AWS alone. */
export const deploymentFields = {
  domain: z.optional(domain),
  /** Where the world sees the relay, if that is neither `domain` nor of interest: some vendors sign it. */
  publicUrl: z.optional(publicUrl),
  cors: z.optional(cors),
  waf: z.optional(waf),
  throttle: z.prefault(throttle, {}),
  alarms: z.optional(alarms),
  logs: z.prefault(logs, {}),
  /** For tests: removing the stack removes secrets and logs too. */
  ephemeral: z._default(z.boolean(), false),
};
