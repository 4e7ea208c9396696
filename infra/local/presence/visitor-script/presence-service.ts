import { Failure } from './failure.ts';

export interface Settings {
  /** A host, with its port if that is not the usual one. */
  readonly presenceUrl: string;
  readonly isPresenceLoadBalanced?: boolean;
}

export interface UniqueVisitor {
  readonly visitorid: string;
  readonly guesttoken: string;
  readonly uniqueid: string;
  /** Seconds. */
  readonly timeout?: number;
}

interface DirectServer {
  readonly directserver?: string;
  readonly direct?: string;
  readonly httpsport?: number;
}

/** The requests that a visitor's page makes before it connects. They reject with a Failure. */
export function presenceService(webserver: string, groupid: string, site: string) {
  let settings: Promise<Settings> | undefined;

  async function presence(): Promise<Settings> {
    const query = new URLSearchParams({ groupid, site, service: 'presence' });
    settings ??= request<Settings>(`${webserver}/services/authorizationservice/GetVisitorSettings3?${query}`);
    settings.catch(() => {
      settings = undefined;
    });
    const found = await settings;
    if (!found.presenceUrl) throw new Failure('serviceunavailable');
    return found;
  }

  return {
    /** The host to connect to. */
    async directServer(visitorid: string): Promise<string> {
      const { presenceUrl, isPresenceLoadBalanced } = await presence();
      if (isPresenceLoadBalanced) return presenceUrl;
      const query = new URLSearchParams({ groupid, visitorid });
      const url = `${baseUrl(presenceUrl, 'http')}/presence?${query}`;
      const { directserver, direct = presenceUrl, httpsport } = await request<DirectServer>(url, '{}');
      if (!directserver) return direct;
      return httpsport === undefined ? directserver : `${directserver}:${httpsport}`;
    },

    /** A new unique id, or `known` for another while. */
    async uniqueVisitor(known?: UniqueVisitor): Promise<UniqueVisitor> {
      const { presenceUrl } = await presence();
      const { visitorid = '', guesttoken = '' } = known ?? {};
      const query = new URLSearchParams(known ? { groupid, visitorid, guesttoken } : { groupid });
      return request<UniqueVisitor>(`${baseUrl(presenceUrl, 'http')}/uniquevisitor?${query}`);
    },
  };
}

/** Without TLS on this very machine, with it everywhere else. */
export function baseUrl(host: string, scheme: 'http' | 'ws'): string {
  const { hostname } = new URL(`http://${host}`);
  const loopback = hostname === '127.0.0.1' || hostname === 'localhost' || hostname === '[::1]';
  return `${scheme}${loopback ? '' : 's'}://${host}`;
}

async function request<Reply>(url: string, body?: string): Promise<Reply> {
  const post = { method: 'POST', body, headers: { 'content-type': 'application/json; charset=utf-8' } };
  const options = { credentials: 'omit', signal: AbortSignal.timeout(15_000) } as const;
  let response: Response;
  try {
    response = await fetch(url, body === undefined ? options : { ...options, ...post, body });
  } catch (error) {
    throw Failure.of(error);
  }
  if (response.status !== 200) throw Failure.ofStatus(response.status);
  try {
    return (await response.json()) as Reply; // the service's own shapes, read only here
  } catch (cause) {
    throw new Failure('error', { cause });
  }
}
