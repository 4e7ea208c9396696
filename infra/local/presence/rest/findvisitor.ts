import { json } from '../../http/answer.ts';
import type { Fault } from '../faults.ts';
import { visitoridOf } from '../ids.ts';
import { routing } from '../lookup.ts';
import type { ServerAddress } from '../servers.ts';
import type { Switches } from '../switches.ts';
import type { AgentEndpoint } from './agent-endpoint.ts';

export const findvisitor: AgentEndpoint = {
  name: 'findvisitor',
  method: 'GET',
  handle({ service, url, groupid, fault }) {
    const visitorid = visitoridOf(url.searchParams);
    const { population, servers, switches } = service;
    const presence = population.find(groupid, visitorid);
    if (!presence) return json({ visitorfound: false });
    const answer = json(found(elsewhere(servers.address(presence.server), fault), switches.find));
    if (fault?.kind === 'moved') population.move(groupid, visitorid, servers.next(presence.server));
    return answer;
  },
};

function elsewhere(address: ServerAddress, fault: Fault | undefined): ServerAddress {
  if (fault?.kind !== 'direct') return address;
  return { ...address, host: fault.host, port: fault.port ?? address.port };
}

function found(address: ServerAddress, shape: Switches['find']): object {
  const { direct } = routing(address);
  switch (shape) {
    case 'flat':
      return { ...routing(address), visitorfound: true };
    case 'nested':
      return { visitorfound: { direct } };
    case 'nested-array':
      return { visitorfound: { direct: [direct] } };
    case 'without-host':
      return { visitorfound: true };
  }
}
