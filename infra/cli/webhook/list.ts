import type { RelayConfig } from '../../../shared/api/config/relay.ts';
import { publicUrlOf } from '../../../shared/api/config/webhook-environment.ts';
import { webhookUrl } from '../../../shared/api/webhook-path.ts';
import type { Source } from '../../../shared/webhooks/source.ts';
import { outputName } from '../../constructs/webhook-sources.ts';
import { stackName, webhookKeysName } from '../../names.ts';
import { width, wrapped } from '../lines.ts';
import type { Sources } from './sources.ts';

/** What whoever sets up a source has to know of it. */
export interface Listed {
  readonly name: string;
  readonly kind: string;
  readonly groups: readonly string[];
  readonly enabled: boolean;
  /** Where its sender shall send; nothing where that is not known here, or it comes over a bus. */
  readonly url: string | undefined;
  /** Of its partner event bus. */
  readonly eventSource: string | undefined;
  readonly maxBytes: number;
  readonly authentication: string;
  readonly hasReplayProtection: boolean;
  /** Name of the secret with its keys; nothing where it needs none. */
  readonly secret: string | undefined;
  /** What has to stand in each list of the secret. */
  readonly lists: Readonly<Record<string, { readonly of: string; readonly optional?: true }>>;
}

/** `base` is what stands before `/webhooks/…`, as far as it is known. */
export function listed(sources: Sources, stage: string, base: string | undefined): Listed[] {
  return Object.entries(sources).map(([name, source]) => {
    const { kind, groups, enabled, maxBytes, authentication, hasReplayProtection, transport } = source;
    const isHttp = transport === 'http';
    return {
      ...{ name, kind, groups, enabled, maxBytes, authentication, hasReplayProtection },
      url: isHttp && base !== undefined ? webhookUrl(base, name) : undefined,
      eventSource: isHttp ? undefined : transport.eventSource,
      secret: Object.keys(source.lists).length > 0 ? webhookKeysName(stage, name) : undefined,
      lists: listsOf(source),
    };
  });
}

function listsOf({ lists }: Source): Listed['lists'] {
  const told = Object.entries(lists).map(([name, { of, optional }]) => [
    name,
    { of, ...(optional && { optional }) },
  ]);
  return Object.fromEntries(told);
}

/** Where the world sees the relay of a stage, as far as relay.config.ts tells; or the local run. */
export function baseOf(config: RelayConfig, port: number | undefined): string | undefined {
  return port === undefined ? publicUrlOf(config) : `http://127.0.0.1:${port}`;
}

const labelWidth = 18;

/** A block for people. */
export function linesOf(source: Listed, stage: string): string[] {
  const { name, kind, groups, enabled, maxBytes, authentication, hasReplayProtection, secret } = source;
  const replay = hasReplayProtection
    ? 'a captured request is of no use later'
    : 'NO PROTECTION: who captures a request can send it again';
  const what = [
    ...(kind === name ? [] : [kind]),
    `group${groups.length > 1 ? 's' : ''} ${groups.join(', ')}`,
    ...(enabled ? [] : ['SWITCHED OFF']),
  ];
  const keys = Object.entries(source.lists).map(([list, { of, optional }]): [string, string] => [
    `  "${list}"`,
    optional ? `${of} (may be left out)` : of,
  ]);
  const rows: [string, string][] = [
    placeOf(source, stage),
    ['authentication', authentication],
    ['replay', replay],
    ['largest body', `${Math.floor(maxBytes / 1_024)} KiB`],
    ['secret', secret ?? 'none is needed'],
    ...keys,
  ];
  return [`${name}: ${what.join(', ')}`, ...rows.flatMap(([label, text]) => rowOf(label, text))];
}

function rowOf(label: string, text: string): string[] {
  const lines = wrapped(text, width - labelWidth - 2);
  return lines.map((line, at) => `  ${(at === 0 ? label : '').padEnd(labelWidth)}${line}`);
}

function placeOf({ name, url, eventSource }: Listed, stage: string): [string, string] {
  if (eventSource !== undefined) return ['event source', eventSource];
  const output = `WebhookUrl${outputName(name)}`;
  return ['address', url ?? `the output ${output} of the stack ${stackName(stage)} tells`];
}
