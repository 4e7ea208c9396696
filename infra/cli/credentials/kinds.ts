import type { Credentials } from '../../../shared/authorization/credentials.ts';

export interface Field {
  readonly key: string;
  readonly question: string;
  /** It is typed unseen. */
  readonly hidden?: true;
  /** Enter alone leaves it out. */
  readonly optional?: true;
}

/** One of the sets for which Glance grants tokens. */
export interface Kind {
  readonly words: string;
  readonly fields: readonly Field[];
}

const username = { key: 'username', question: 'User name' };
const apikey = { key: 'apikey', question: 'API key', hidden: true } as const;
const partnerid = { key: 'partnerid', question: 'Partner id (Enter: the group id)', optional: true } as const;

export const kinds: readonly Kind[] = [
  {
    words: 'user name and password',
    fields: [username, { key: 'password', question: 'Password', hidden: true }],
  },
  { words: 'user name and API key', fields: [username, apikey, partnerid] },
  {
    words: 'partner user id and API key',
    fields: [{ key: 'partneruserid', question: 'Partner user id' }, apikey, partnerid],
  },
  {
    words: 'user name and Glance for Salesforce credentials',
    fields: [
      username,
      { key: 'g4scredentials', question: 'Glance for Salesforce credentials (32 characters)', hidden: true },
    ],
  },
];

/** What they are, without what they hold. */
export function wordsFor(credentials: Credentials): string {
  const isOne = ({ fields }: Kind) => fields.every(({ key, optional }) => optional || key in credentials);
  return kinds.find(isOne)?.words ?? 'credentials';
}
