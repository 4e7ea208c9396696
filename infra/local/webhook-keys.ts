import { createHash } from 'node:crypto';
import type { Source } from '../../shared/webhooks/source.ts';

/** What the secret of a source holds on this machine until somebody puts other keys there: one in each of its lists. */
export function localKeys(name: string, { lists }: Source): string {
  const keys = Object.entries(lists).map(([list, { flaw }]) => {
    const text = `local-run-${list}-of-${name}`;
    const forms = formsOf(text);
    return [list, [forms.find((form) => flaw?.(form) === undefined) ?? text]];
  });
  return JSON.stringify(Object.fromEntries(keys));
}

/** The same key for nobody's good, in each of the forms that vendors give theirs. */
function formsOf(text: string): string[] {
  const bytes = createHash('sha256').update(text).digest();
  return [
    text,
    text.replace('-', ':'),
    `whsec_${bytes.toString('base64')}`,
    bytes.toString('base64'),
    bytes.toString('hex').slice(0, 32),
  ];
}
