import { bundleForBrowser } from '../../http/browser-bundle.ts';
import { answering, type Route } from '../http/router.ts';
import { anyOrigin } from './visitor-endpoints.ts';

const program = new URL('../visitor-script/main.ts', import.meta.url);

/** Our own visitor script, at the address where pages look for Glance's. */
export const visitorScript: Route = {
  path: '/cobrowse/CobrowseJS.ashx',
  methods: {
    GET: answering(async () => ({
      status: 200,
      headers: { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'no-cache' },
      body: await bundleForBrowser(program),
    })),
  },
  cors: anyOrigin,
};
