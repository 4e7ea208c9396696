import * as z from 'zod/mini';
import { bodyOptions } from './body/generic-body.ts';
import { type HubSpotEvent, readHubSpot } from './body/hubspot-events.ts';
import {
  judgeHubSpot,
  type SignatureVersion,
  signatureVersions,
  signsAddress,
} from './proof/hubspot-signature.ts';
import { defineSource, type Source, type SourceOptions } from './source.ts';

interface Own {
  /** The signatures that are good enough; `['v3']` unless given. No other one keeps captured requests from being used. */
  readonly versions?: readonly SignatureVersion[];
  /**
   * What tells a workflow's webhook from all others, such as `({ hs_object_id, offer }) => …`. Without it, equal bodies
   * within ten minutes count as one; with it, for as long as HubSpot may send one again.
   */
  readonly id?: (properties: HubSpotEvent['properties']) => string | undefined;
}

const usualVersions: readonly SignatureVersion[] = ['v3'];

/**
 * HubSpot: the notifications of an app, and the action "send a webhook" of a workflow. In both, `properties` holds what
 * came of the object: `({ properties }) => ({ visitorid: properties.visitor_id, message })`.
 */
export function hubspot(options: SourceOptions<HubSpotEvent> & Own): Source {
  return defineSource<HubSpotEvent, Own>(
    {
      kind: 'hubspot',
      options: {
        id: bodyOptions.id,
        versions: z.optional(
          z.array(z.enum(signatureVersions)).check(z.minLength(1, 'must hold at least one version')),
        ),
      },
      // A workflow may send all properties of a contact, with all the values that they have ever had.
      maxBytes: 1_048_576,
      authentication: ({ versions = usualVersions }) =>
        `HubSpot's request signature, ${versions.join(' or ')}`,
      hasReplayProtection: ({ versions = usualVersions }) => versions.every((version) => version === 'v3'),
      signsUrl: ({ versions = usualVersions }) => versions.some(signsAddress),
      lists: { keys: { of: 'the client secret of the HubSpot app', flaw: secretFlaw } },
      // Sent again after any 5xx, at times of HubSpot's own. It asks for ours after a 429 alone, and then takes the seconds
      // for milliseconds; so none are told.
      answers: { unavailable: { status: 503 } },
      authenticate: (request, { keys = [] }, now, { versions = usualVersions }) =>
        judgeHubSpot(request, keys, now, versions),
      read: ({ body }, { id }) => readHubSpot(body, id),
    },
    options,
  );
}

/** The secrets look like UUIDs. The id of the app, which stands next to them on its page, does not. */
function secretFlaw(key: string): string | undefined {
  return /^\S{16,}$/.test(key) ? undefined : 'has fewer than 16 characters, or a space among them';
}
