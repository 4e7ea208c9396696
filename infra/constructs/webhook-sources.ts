import { ConfigurationError } from '../../shared/api/config/error.ts';
import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { publicUrlOf } from '../../shared/api/config/webhook-environment.ts';
import type { Source } from '../../shared/webhooks/source.ts';

/** All that API Gateway lets through; where it is to be told of each, it takes no `ANY`. */
export const httpMethods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] as const;

type Config = Pick<RelayConfig, 'webhooks'>;

/** The names of the sources that send requests. */
export function httpSources({ webhooks }: Config): string[] {
  return Object.keys(webhooks).filter((name) => webhooks[name]?.transport === 'http');
}

/** The names of the sources whose events come on a bus of EventBridge, and what that bus is called. */
export function busSources({ webhooks }: Config): { name: string; eventSource: string }[] {
  return Object.entries(webhooks).flatMap(([name, { transport }]) =>
    transport === 'http' ? [] : [{ name, eventSource: transport.eventSource }],
  );
}

/** Those that have a secret with keys. */
export function keyedSources({ webhooks }: Config): [string, Source][] {
  return Object.entries(webhooks).filter(([, { lists }]) => Object.keys(lists).length > 0);
}

/** Who signs an address can be checked only by somebody who knows it. */
export function requirePublicUrl(config: RelayConfig): void {
  if (publicUrlOf(config) !== undefined) return;
  const signing = httpSources(config).filter((name) => config.webhooks[name]?.signsUrl);
  if (signing.length === 0) return;
  const those =
    signing.length > 1 ? `${signing.join(', ')} sign the addresses` : `${signing[0]} signs the address`;
  throw new ConfigurationError(
    `: webhooks: ${those} that requests are sent to, and nothing tells it. Configure a domain, or write where the ` +
      "world sees the relay, such as publicUrl: 'https://presence.acme.example'; without a host name of your own, " +
      'deploy once without them and write what the output Address says',
  );
}

/** A source as outputs are named after it, which takes letters and digits: `my-crm` is `MyCrm`. */
export function outputName(source: string): string {
  return source.replaceAll(/(?:^|-+)(.?)/g, (_, first: string) => first.toUpperCase());
}

/** CloudFormation makes question marks of what is not ASCII. */
export function inAscii(text: string): string {
  return text.replaceAll('…', '...');
}

/** Two outputs cannot have one name. */
export function requireDistinctNames({ webhooks }: Config): void {
  const seen = new Map<string, string>();
  for (const name of Object.keys(webhooks)) {
    const other = seen.get(outputName(name));
    if (other !== undefined) {
      throw new ConfigurationError(
        `: webhooks: ${other} and ${name} differ by hyphens alone; rename one of them`,
      );
    }
    seen.set(outputName(name), name);
  }
}
