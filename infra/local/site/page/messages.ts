import { byId, withText } from './elements.ts';

/** Shows what has come in, the newest first. */
export function showMessage(kind: 'signal' | 'invoke', text: string): void {
  const item = document.createElement('li');
  item.dataset.kind = kind;
  const now = new Date();
  const time = document.createElement('time');
  time.dateTime = now.toISOString();
  time.textContent = now.toLocaleTimeString();
  item.append(time, withText('span', 'kind', kind), withText('span', 'text', text));
  byId('messages').prepend(item);
  byId('nothing').hidden = true;
}

export function asText(data: unknown): string {
  return typeof data === 'string' ? data : JSON.stringify(data);
}
