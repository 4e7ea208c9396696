import { serveStream } from '../shared/api/edge.ts';
import { query as endpoint } from '../shared/api/endpoints.ts';

export const handler = serveStream(endpoint, ({ query, presence, deadline }) =>
  presence.query(query.groupid, query.visitorid, deadline),
);
