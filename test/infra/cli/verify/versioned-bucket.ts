import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { S3Client } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { listen } from '../../../support/presence-server.ts';
import { at } from './aws-servers.ts';

/**
 * A bucket with versions, of S3's own protocol: listing them, and deleting them, unless they are locked. Of each key, the
 * newest version says that it was deleted. Gone after the test.
 */
export async function versionedBucket(keys: readonly string[], { isLocked = false } = {}) {
  const versions = keys.flatMap((key) => [`${key}#1`, `${key}#2`]);
  const server = createServer(async (request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://s3');
    response.setHeader('content-type', 'application/xml');
    if (request.method === 'GET' && searchParams.has('versions')) {
      const found = versions.filter((version) => version.startsWith(searchParams.get('prefix') ?? ''));
      const listed = found.map((version) => {
        const [key, id] = version.split('#');
        const kind = id === '2' ? 'DeleteMarker' : 'Version';
        return `<${kind}><Key>${key}</Key><VersionId>${id}</VersionId></${kind}>`;
      });
      response.end(`<ListVersionsResult>${listed.join('')}</ListVersionsResult>`);
    } else if (request.method === 'POST' && searchParams.has('delete') && isLocked) {
      response.end('<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code></Error></DeleteResult>');
    } else if (request.method === 'POST' && searchParams.has('delete')) {
      const wanted = (await text(request)).matchAll(/<Key>([^<]*)<\/Key><VersionId>([^<]*)<\/VersionId>/g);
      for (const [, key, id] of wanted) versions.splice(versions.indexOf(`${key}#${id}`), 1);
      response.end('<DeleteResult/>');
    } else response.writeHead(501).end();
  });
  const port = await listen(server);
  const client = new S3Client({ ...at(`http://127.0.0.1:${port}`), forcePathStyle: true });
  onTestFinished(() => {
    client.destroy();
    server.close();
    server.closeAllConnections();
  });
  return { client, keys: () => [...new Set(versions.map((version) => version.split('#')[0]))].toSorted() };
}
