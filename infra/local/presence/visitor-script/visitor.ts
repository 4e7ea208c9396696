import { generalData } from './browser.ts';
import { Failure } from './failure.ts';
import { invoke } from './invoke.ts';
import { Link } from './link.ts';
import type { PageSettings } from './page-settings.ts';
import { presenceService, type UniqueVisitor } from './presence-service.ts';

type Data = Readonly<Record<string, string | number>>;

export interface VisitorOptions {
  readonly groupid?: number | string;
  readonly visitorid?: string;
}

/** `GLANCE.Presence.Visitor` as Glance documents it: https://help.glance.net, page presence_visitor_api. */
export class Visitor {
  onsignal?: (data: unknown) => void;
  onerror?: (error: { error: 'connfail'; detail: string }) => void;
  onblur?: () => void;
  onconnected?: () => void;
  onuniqueid?: (code: string, timeoutSeconds: number) => void;
  /** The unique id has timed out. */
  onclose?: () => void;

  readonly #groupid: string;
  readonly #service;
  readonly #link: Link;
  readonly #userData: Data;
  #visitorid: string | undefined;
  /** Everything that presence() was ever given: a server that forgot the visitor is told it all again. */
  #data: Data | undefined;
  #waiting: (() => void)[] = [];
  #unique: UniqueVisitor | undefined;
  #uniqueTimer: number | undefined;

  constructor(
    page: PageSettings,
    { groupid = page.groupid ?? '', visitorid = page.visitorid }: VisitorOptions = {},
  ) {
    if (!Number.isSafeInteger(Number.parseInt(String(groupid), 10)))
      throw new Error('groupid is missing or is no number');
    this.#groupid = String(groupid);
    this.#visitorid = visitorid;
    this.#userData = page.userData;
    this.#service = presenceService(page.webserver, this.#groupid, page.site);
    this.#link = new Link({
      where: () => this.#where(),
      hello: () => this.#hello(),
      onready: () => this.#onready(),
      onframe: (kind, data) => this.#onframe(kind, data),
      onfail: (failure) => this.#onfail(failure),
    });
  }

  /** Sends what the page tells of itself and `data`; connects if need be. Later data is merged into earlier. */
  presence({ data = {}, onsuccess }: { data?: Data; onsuccess?: () => void } = {}): void {
    const first = this.#data === undefined;
    this.#data = { ...this.#data, ...data };
    // A connection that is still to come begins with all of the data.
    if (this.#link.ready) this.#tell(first ? this.#everything() : { url: location.href, ...data });
    this.#soon(() => onsuccess?.());
  }

  connect(): void {
    this.#link.open();
  }

  disconnect(): void {
    window.clearTimeout(this.#uniqueTimer);
    this.#link.close();
  }

  /** Connects under a short code, which `onuniqueid` is told. */
  async connectUnique({ data }: { data?: Data } = {}): Promise<void> {
    if (data) this.#data = { ...this.#data, ...data };
    await this.#askUnique(undefined);
    if (this.#unique) this.#reconnect();
  }

  async extendUnique(): Promise<void> {
    if (this.#unique) await this.#askUnique(this.#unique);
  }

  /** Sends an event to the agents of this visitor. */
  fire(type: string, data?: unknown): void {
    this.#soon(() => this.#link.send({ type, data }));
  }

  setVisitorId(visitorid: string): void {
    if (visitorid === this.#visitorid) return;
    this.#visitorid = visitorid;
    this.#reconnect();
  }

  /** The page is no longer seen: says so, and leaves until presence() or connect(). */
  hide(): void {
    if (this.#link.ready) this.#link.send({ type: 'visibility', data: { visibility: 'hidden' } });
    this.#link.close();
  }

  #where(): Promise<string> {
    if (!this.#visitorid) throw new Failure('error');
    return this.#service.directServer(this.#visitorid);
  }

  #hello(): object {
    const guesttoken = this.#unique?.guesttoken;
    return {
      type: 'connect',
      groupid: this.#groupid,
      visitorid: this.#visitorid,
      guesttoken,
      version: 'emulator',
    };
  }

  #onready(): void {
    if (this.#data) this.#tell(this.#everything());
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const task of waiting) task();
    this.onconnected?.();
  }

  #onframe(kind: string, data: unknown): void {
    if (kind === 'signal') this.onsignal?.(data);
    else if (kind === 'invoke') this.#invoke(data);
    else if (kind === 'blur') {
      this.#link.close();
      this.onblur?.();
    }
  }

  #invoke(data: unknown): void {
    if (invoke(window, data)) return;
    // biome-ignore lint/suspicious/noConsole: nobody else is told; who writes the page has to learn of it
    console.warn('Presence: no such function below GLANCE. or GLANCE_COBROWSE.Custom.', data);
  }

  #onfail({ detail }: Failure): void {
    this.onerror?.({ error: 'connfail', detail });
  }

  #everything(): Data {
    return { ...generalData(), ...this.#userData, ...this.#data };
  }

  #tell(data: Data): void {
    this.#link.send({ type: 'presence', data });
  }

  #soon(task: () => void): void {
    if (this.#link.ready) task();
    else this.#waiting.push(task);
    this.#link.open();
  }

  #reconnect(): void {
    this.#link.close();
    this.#link.open();
  }

  async #askUnique(known: UniqueVisitor | undefined): Promise<void> {
    try {
      this.#unique = await this.#service.uniqueVisitor(known);
    } catch (error) {
      this.#onfail(known ? new Failure('extend') : Failure.of(error));
      return;
    }
    const { visitorid, uniqueid, timeout = 300 } = this.#unique;
    this.#visitorid = visitorid;
    window.clearTimeout(this.#uniqueTimer);
    this.#uniqueTimer = window.setTimeout(() => this.#uniqueEnded(), timeout * 1000);
    this.onuniqueid?.(uniqueid, timeout);
  }

  #uniqueEnded(): void {
    this.disconnect();
    this.onclose?.();
  }
}
