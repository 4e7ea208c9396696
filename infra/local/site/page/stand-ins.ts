import { byId } from './elements.ts';
import { asText, showMessage } from './messages.ts';

type Invokable = (args: Readonly<Record<string, unknown>>) => void;
type Fire = (type: string, data?: unknown) => void;

/** The functions that agents invoke in a page with Glance Cobrowse; these only show that they were called. */
export function standIns(fire: Fire): Record<string, Record<string, Invokable>> {
  byId('accept').addEventListener('click', () => answerTerms(fire, 'accepted'));
  byId('decline').addEventListener('click', () => answerTerms(fire, 'declined'));
  const showTerms = (name: string): Invokable =>
    shown(name, () => {
      byId('terms').hidden = false;
      byId('accept').focus();
      fire('terms', { status: 'displayed' });
    });
  const startSession = shown('GLANCE.Cobrowse.Visitor.startSession', (args) => {
    const session = byId('session');
    session.textContent = `A session would start now, with the key ${asText(args.sessionKey ?? 'of this visitor')}.`;
    session.hidden = false;
    fire('visitorsessionstart');
  });
  return {
    Visitor: { startSession, showTerms: showTerms('GLANCE.Cobrowse.Visitor.showTerms') },
    VisitorUI: { showTerms: showTerms('GLANCE.Cobrowse.VisitorUI.showTerms') },
  };
}

function shown(name: string, act: Invokable): Invokable {
  return (args) => {
    showMessage('invoke', `${name}(${asText(args)})`);
    act(args);
  };
}

function answerTerms(fire: Fire, status: 'accepted' | 'declined'): void {
  byId('terms').hidden = true;
  fire('terms', { status });
}
