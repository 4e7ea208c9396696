import { randomBytes } from 'node:crypto';
import { type Answer, json } from '../../http/answer.ts';
import { Refusal } from '../http/refusal.ts';
import type { Switches } from '../switches.ts';
import type { Grant } from './authorization.ts';

export type Shape = Exclude<Switches['authorizeAnswer'], 'by-path'>;

/** Glance writes the end of a token with seven digits of a second. */
const end = {
  object: (at: string) => ({ authTokeExp: at }),
  'object-token-exp': (at: string) => ({ authTokenExp: at }),
  'object-no-exp': () => ({}),
};

/** `now`: Unix milliseconds. */
export function granted({ token, expires, groupid, presence }: Grant, shape: Shape, now: number): Answer {
  if (shape === 'string') return json(token);
  const gssnId = `1.${Math.floor(now / 1000)}.${randomBytes(32).toString('base64url')}.${groupid}`;
  return json({
    ...reply(groupid),
    ...end[shape](expires.replace('Z', '0000Z')),
    authToken: token,
    gssnId,
    privilegeString: `gssnId:${gssnId};personId:1;presence:${presence ? 'on' : 'off'}`,
  });
}

/** How Glance refuses credentials is not documented. */
export function refused(message: string, groupid: number, how: Switches['authorizeRefusal']): Answer {
  switch (how) {
    case '200':
      return json({ ...reply(groupid), authTokeExp: null, message });
    case '200-empty':
      return json('');
    default:
      return new Refusal(Number(how), 'authorization', message).answer;
  }
}

/** What is null here, and `service`, is as in the sample that Glance publishes. */
function reply(groupId: number): object {
  return {
    VServer: null,
    applicationSettings: null,
    authToken: null,
    coloSelectUrl: null,
    glanceAddress: null,
    groupId,
    gssnId: null,
    isTrial: false,
    message: null,
    planTimeout: 0,
    planTitle: null,
    privilegeString: null,
    service: 9,
  };
}
