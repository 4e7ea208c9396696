import { byId } from './elements.ts';

/** Shows what to type to reach this visitor, ready to copy. */
export function showCommands(relay: string, groupid: string, visitorid: string): void {
  const query = `groupid=${groupid}&visitorid=${visitorid}`;
  const post = (message: object) =>
    `curl -X POST '${relay}/signalvisitor?${query}' -H 'Content-Type: application/json' -d '${JSON.stringify(message)}'`;
  const startSession = { func: 'GLANCE.Cobrowse.Visitor.startSession', args: { sessionKey: visitorid } };
  const showTerms = { func: 'GLANCE.Cobrowse.Visitor.showTerms', args: { sessionKey: visitorid } };

  show('Send a signal', post({ mtype: 'signal', data: { text: `Hello ${visitorid}` } }));
  show('Ask for the terms', post({ mtype: 'invoke', data: showTerms }));
  show('Start a session', post({ mtype: 'invoke', data: startSession }));
  show('Who am I?', `curl '${relay}/lookupvisitor?${query}'`);
}

function show(title: string, command: string): void {
  const template = byId('command');
  if (!(template instanceof HTMLTemplateElement)) return;
  const figure = document.importNode(template.content, true);
  const [caption, code, button] = ['figcaption', 'code', 'button'].map((tag) => figure.querySelector(tag));
  if (!caption || !code || !button) return;
  caption.textContent = title;
  code.textContent = command;
  button.setAttribute('aria-label', `Copy: ${title}`);
  button.addEventListener('click', () => {
    void navigator.clipboard.writeText(command).then(() => {
      button.textContent = 'Copied';
    });
  });
  byId('commands').append(figure);
}
