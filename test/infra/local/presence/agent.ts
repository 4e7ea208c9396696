import type { PresenceEmulator } from '../../../../infra/local/presence/emulator.ts';

/** Calls the REST API as an agent of group 12345 does. */
export function agentOf(emulator: PresenceEmulator, token = emulator.issueToken({ groupid: 12345 }).token) {
  const headers = { authorization: `Bearer ${token}` };
  const get = (path: string) => fetch(`${emulator.url}${path}`, { headers });
  const of = (visitorid: string) => `groupid=12345&visitorid=${visitorid}`;
  return {
    token,
    get,
    lookup: (visitorid: string) => get(`/lookupvisitor?${of(visitorid)}`),
    find: (visitorid: string) => get(`/findvisitor?${of(visitorid)}`),
    /** Posts a message to a server; by default to the one that the emulator would find. */
    signal(visitorid: string, message: unknown, server?: string): Promise<Response> {
      return this.signalText(visitorid, JSON.stringify(message), server);
    },
    async signalText(visitorid: string, body: string, server?: string): Promise<Response> {
      const found = server ?? (await this.serverOf(visitorid));
      const type = { 'content-type': 'application/json; charset=utf-8' };
      return fetch(`${found}/signalvisitor?${of(visitorid)}`, {
        method: 'POST',
        headers: { ...headers, ...type },
        body,
      });
    },
    async serverOf(visitorid: string): Promise<string> {
      const { direct } = (await (await this.find(visitorid)).json()) as { direct?: string };
      return direct === undefined ? emulator.url : `http://${direct}`;
    },
  };
}

/** Sends JSON to the control API. */
export function control(
  emulator: PresenceEmulator,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  const payload = body === undefined ? {} : { body: JSON.stringify(body) };
  return fetch(`${emulator.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...payload,
  });
}
