import { json } from '../../http/answer.ts';
import { visitoridOf } from '../ids.ts';
import { lookupOf } from '../lookup.ts';
import type { AgentEndpoint } from './agent-endpoint.ts';

const absent = {
  empty: () => json({}),
  404: () => json({ err: 'visitornotpresent', msg: 'The visitor is not present' }, 404),
  old: () => json({ visitorfound: false }),
};

export const lookupvisitor: AgentEndpoint = {
  name: 'lookupvisitor',
  method: 'GET',
  handle({ service, url, groupid }) {
    const presence = service.population.find(groupid, visitoridOf(url.searchParams));
    if (!presence) return absent[service.switches.lookupAbsent]();
    return json(lookupOf(presence, service.servers.address(presence.server), service.switches));
  },
};
