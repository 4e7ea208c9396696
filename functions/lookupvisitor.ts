import { serve } from '../shared/api/edge.ts';
import { lookupvisitor } from '../shared/api/endpoints.ts';

export const handler = serve(lookupvisitor, async ({ query, presence, deadline }) => {
  const { body } = await presence.lookup(query.groupid, query.visitorid, deadline);
  return body;
});
