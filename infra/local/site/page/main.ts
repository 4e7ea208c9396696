import { showCommands } from './commands.ts';
import { byId } from './elements.ts';
import { asText, showMessage } from './messages.ts';
import { standIns } from './stand-ins.ts';

/** What this page uses of the visitor script. */
interface Visitor {
  presence(options: { data: Record<string, string | number> }): void;
  fire(type: string, data?: unknown): void;
  onsignal: (data: unknown) => void;
  onconnected: () => void;
  onerror: (error: { detail: string }) => void;
  onblur: () => void;
}

interface Glance {
  Presence?: { Visitor: new (options: { visitorid: string }) => Visitor };
  Cobrowse?: ReturnType<typeof standIns>;
}

const states = {
  connecting: 'Connecting…',
  connected: 'Connected: signals arrive here',
  elsewhere: 'Another window or device took over',
  failed: 'Not connected',
};

function showState(state: keyof typeof states, detail = ''): void {
  const element = byId('state');
  element.dataset.state = state;
  element.textContent = states[state] + detail;
  byId('takeover').hidden = state !== 'elsewhere';
}

/** Who to be: `?visitorid=`, else ada. */
function visitoridOfPage(): string {
  const asked = new URLSearchParams(location.search).get('visitorid') ?? '';
  return /^[A-Za-z0-9._~-]{1,100}$/.test(asked) ? asked : 'ada';
}

function start(glance: Glance): void {
  const { relay = '', groupid = '' } = document.body.dataset;
  const visitorid = visitoridOfPage();
  byId('visitorid').textContent = visitorid;
  showCommands(relay, groupid, visitorid);
  if (!glance.Presence) {
    showState('failed', ': the visitor script did not load');
    return;
  }

  const visitor = new glance.Presence.Visitor({ visitorid });
  visitor.onconnected = () => showState('connected');
  visitor.onerror = ({ detail }) => showState('failed', ` (${detail}); trying again`);
  visitor.onblur = () => showState('elsewhere');
  visitor.onsignal = (data) => showMessage('signal', asText(data));
  glance.Cobrowse = standIns((type, data) => visitor.fire(type, data));

  const present = () => visitor.presence({ data: { shop: 'Harbour Lights', basket: 2 } });
  byId('takeover').addEventListener('click', () => {
    showState('connecting');
    present();
  });
  present();
}

start((window as unknown as { GLANCE?: Glance }).GLANCE ?? {});
