import { serve } from '../shared/api/edge.ts';
import { findvisitor } from '../shared/api/endpoints.ts';

export const handler = serve(findvisitor, async ({ query, presence, deadline }) => {
  const { body } = await presence.find(query.groupid, query.visitorid, deadline);
  return body;
});
