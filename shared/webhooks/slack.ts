import { type BodyEvent, readEvents, readPayload } from './body/generic-body.ts';
import { removeAt } from './body/pointer.ts';
import type { HmacScheme } from './proof/hmac-scheme.ts';
import { signedBy, signedKey } from './proof/signed-by.ts';
import { defineSource, type Source, type SourceOptions } from './source.ts';
import { textAt } from './text-at.ts';

/** https://docs.slack.dev/authentication/verifying-requests-from-slack */
const scheme: HmacScheme = {
  header: 'x-slack-signature',
  hash: 'sha256',
  encoding: 'hex',
  prefix: 'v0=',
  signed: 'v0:{timestamp}:{body}',
  timestamp: { header: 'x-slack-request-timestamp', unit: 's', windowSeconds: 300 },
  key: 'text',
};

/** Within three seconds, and without a word: what stands in the answer to a command, Slack shows to people. */
const ok = { status: 200 };

/** Slack: events, commands, and what people do with buttons, menus and forms. */
export function slack(options: SourceOptions<BodyEvent>): Source {
  return defineSource<BodyEvent>(
    {
      kind: 'slack',
      ...signedBy(scheme, 'the signing secret of the app'),
      answers: { accepted: ok, unreadable: ok },
      read(request) {
        const body = readPayload(request);
        const challenge = textAt(body, 'challenge');
        if (challenge && textAt(body, 'type') === 'url_verification') {
          return { events: [], reply: { ...ok, headers: { 'content-type': 'text/plain' }, body: challenge } };
        }
        // The way to verify that came before signatures: a secret that nobody needs here.
        removeAt(body, ['token']);
        return readEvents(body, { id, type }, signedKey(request, scheme));
      },
    },
    options,
  );
}

/** Events have an id that stays when they come again; whatever a person has triggered has one that is never used again. */
function id(body: unknown): string | undefined {
  return textAt(body, 'event_id') ?? textAt(body, 'trigger_id');
}

function type(body: unknown): string | undefined {
  return textAt(body, 'command') ? 'slash_command' : (textAt(body, 'event', 'type') ?? textAt(body, 'type'));
}
