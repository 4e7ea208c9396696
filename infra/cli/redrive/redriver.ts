import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { RelayConfig } from '../../../shared/api/config/relay.ts';
import type { ParkedEvent } from '../../../shared/signals/dead-letter.ts';
import { IdKey } from '../../../shared/signals/ids.ts';
import { SignalQueue } from '../../../shared/signals/queue.ts';
import { isEnding, type Signal } from '../../../shared/signals/signal.ts';
import type { SignalTable } from '../../../shared/signals/table.ts';
import { mapEvent } from '../../../shared/webhooks/intake/map.ts';
import { type ReadEvent, type Source, Unreadable } from '../../../shared/webhooks/source.ts';
import { type AwsCall, answerOf } from '../aws.ts';
import { fromQueue, fromTable, type SignalPlace, signalTableOf } from '../signals/place.ts';
import { type BusEvent, busRequest } from './bus-event.ts';
import { queueUrl } from './dead-letters.ts';
import { type Fate, over, stays } from './fate.ts';
import type { Letter } from './letter.ts';

type MappedEvent = Pick<ReadEvent, 'key' | 'keySeconds' | 'event'>;

export interface RedriveOptions {
  readonly place: SignalPlace;
  readonly config: RelayConfig;
  /** The sources of webhooks, by name. */
  readonly sources: Readonly<Record<string, Source>>;
  readonly now?: () => number;
}

/** Finds out what can become of dead letters. Nothing is changed before a fate is fulfilled. */
export class Redriver {
  readonly #place: SignalPlace;
  readonly #sources: Readonly<Record<string, Source>>;
  readonly #strictGroups: ReadonlySet<string>;
  readonly #now: () => number;
  readonly #table: SignalTable;
  readonly #url: string;
  readonly #queue: SignalQueue;
  readonly #idKey: IdKey;

  private constructor({ place, config, sources, now = Date.now }: RedriveOptions, url: string) {
    const { sqs: client, secretsManager, idKey } = place;
    const strict = Object.entries(config.groups).filter(([, { visitorids }]) => visitorids === 'strict');
    this.#place = place;
    this.#sources = sources;
    this.#strictGroups = new Set(strict.map(([groupid]) => groupid));
    this.#now = now;
    this.#table = signalTableOf(place);
    this.#url = url;
    this.#queue = new SignalQueue({ url, open: () => ({ client, SendMessageCommand }) });
    this.#idKey = new IdKey({ secret: idKey, client: secretsManager });
  }

  /** Throws `AwsTrouble`; so do its method and the fates. */
  static async open(options: RedriveOptions): Promise<Redriver> {
    return new Redriver(options, await queueUrl(options.place, options.place.queue));
  }

  async fateOf({ content, body }: Letter): Promise<Fate> {
    if ('signals' in content) return await this.#ofSignals(content.signals, body);
    if ('parked' in content) return await this.#ofParked(content.parked);
    if ('bus' in content) return await this.#ofBusEvent(content.bus);
    if ('look' in content) return { kind: 'moves', signals: [], send: () => this.#sendBack(body) };
    return stays('it is no message of the relay');
  }

  /** The message goes back as it is; the records tell which of its signals are still to be delivered, and until when. */
  async #ofSignals(signals: readonly Signal[], body: string): Promise<Fate> {
    const records = await Promise.all(
      signals.map(async (signal) => ({ signal, record: await this.#read(signal) })),
    );
    const open = records
      .filter(({ record }) => !record || record.status === 'failed' || !isEnding(record.status))
      .map(({ signal }) => signal);
    if (open.length === 0) return over('its signals have ended since');
    const send = async () => {
      for (const signal of open) await this.#reopen(signal);
      await this.#sendBack(body);
    };
    return { kind: 'moves', signals: open, send };
  }

  async #read({ id }: Signal) {
    return await fromTable(this.#place, 'read', 'dynamodb:GetItem', this.#table.read(id));
  }

  /** With as much time as it had. One without a record never got so far: it gets one. */
  async #reopen(signal: Signal): Promise<void> {
    const now = this.#now();
    const expiresAt = now + signal.expiresAt - signal.acceptedAt;
    const reopened = await this.#write('dynamodb:UpdateItem', this.#table.reopen(signal.id, expiresAt));
    if (!reopened) await this.#write('dynamodb:PutItem', this.#table.accept({ ...signal, expiresAt }));
  }

  #write<T>(rights: string, answer: Promise<T>): Promise<T> {
    return fromTable(this.#place, 'written', rights, answer);
  }

  async #sendBack(body: string): Promise<void> {
    const command = new SendMessageCommand({ QueueUrl: this.#url, MessageBody: body });
    await this.#send(this.#place.sqs.send(command));
  }

  async #ofParked({ source: name, key, keySeconds, event }: ParkedEvent): Promise<Fate> {
    const source = this.#sources[name];
    if (key === undefined || event === undefined)
      return stays(
        `source ${name}: the webhook was not understood, so it was not kept; its sender alone can repeat it`,
      );
    if (!source) return stays(`relay.config.ts has no source ${name}`);
    return await this.#ofEvents(name, source, [
      { key, event, ...(keySeconds !== undefined && { keySeconds }) },
    ]);
  }

  async #ofBusEvent(event: BusEvent): Promise<Fate> {
    const [name, source] =
      Object.entries(this.#sources).find(
        ([, { transport }]) => typeof transport === 'object' && transport.eventSource === event.source,
      ) ?? [];
    if (name === undefined || !source) return stays('relay.config.ts has no source for that partner bus');
    try {
      const { events, faults: [fault] = [] } = source.read(busRequest(event));
      if (fault !== undefined) return stays(`source ${name}: ${fault}`);
      return await this.#ofEvents(name, source, events);
    } catch (error) {
      if (error instanceof Unreadable) return stays(`source ${name}: ${error.message}`);
      throw error;
    }
  }

  async #ofEvents(name: string, source: Source, events: readonly MappedEvent[]): Promise<Fate> {
    const idOf = (...parts: readonly string[]) => this.#idKey.idOf(...parts);
    const context = { name, source, idOf, strictGroups: this.#strictGroups, now: this.#now() };
    if (!source.enabled) return stays(`source ${name} is not enabled in relay.config.ts`);
    const signals: Signal[] = [];
    let unaddressed = 0;
    for (const event of events) {
      const mapped = await this.#fromIdKey(mapEvent(event, context));
      if ('reason' in mapped) return stays(`source ${name}, ${mapped.reason}: ${mapped.detail}`);
      signals.push(...mapped.signals);
      unaddressed += mapped.unaddressed;
    }
    // Most likely the mapping looks in the wrong place; who wants none of it says so.
    if (signals.length === 0 && unaddressed > 0)
      return stays(`source ${name}: its mapping finds no visitor id in the event`);
    if (signals.length === 0) return over('relay.config.ts makes no signal of its event now');
    return { kind: 'moves', signals, send: () => this.#send(this.#queue.send(signals)) };
  }

  #send<T>(answer: Promise<T>): Promise<T> {
    return fromQueue(this.#place, this.#place.queue, 'sqs:SendMessage', answer);
  }

  #fromIdKey<T>(answer: Promise<T>): Promise<T> {
    const { secretsManager: client, idKey, hints } = this.#place;
    const rights = 'secretsmanager:GetSecretValue';
    const call: AwsCall = { client, service: 'Secrets Manager', deed: 'read', hints: { rights, ...hints } };
    return answerOf(`secret ${idKey}`, call, answer);
  }
}
