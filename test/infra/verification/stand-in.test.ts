import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { expect, onTestFinished, test } from 'vitest';
import { WholeJson } from '../../../infra/cli/verify/whole-json.ts';
import { readPrelude } from '../../../infra/local/gateway/prelude.ts';
import { LocalFunction } from '../../../infra/local/lambda/function.ts';
import { bundleStandIn } from '../../../infra/verification/app.ts';
import { tokenEnd } from '../../../infra/verification/token-end.ts';
import { readAuthorizationAddress } from '../../../shared/authorization/address.ts';
import { AuthorizationClient } from '../../../shared/authorization/client.ts';
import { AuthorizationError } from '../../../shared/authorization/errors.ts';
import { serverRules } from '../../../shared/presence/address.ts';
import { PresenceClient } from '../../../shared/presence/client.ts';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import { failureOf, group, visitor } from '../../support/presence-pair.ts';
import { listen } from '../../support/presence-server.ts';
import { tokensInTurn } from '../../support/tokens.ts';

const password = 'a password of this test alone';
const digest = (of: string) => createHash('sha256').update(of).digest('hex');

/** The function that is deployed, at an address as a function URL has it. */
async function startStandIn(): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'stand-in-'));
  const file = path.join(await bundleStandIn(folder), 'index.js');
  const standIn = new LocalFunction({
    ...{ name: 'stand-in', file, timeoutSeconds: 30, memoryMb: 512, log: () => {} },
    environment: { PASSWORD_DIGEST: digest(password), TOKEN_DIGEST: digest(tokenEnd(password)) },
  });
  const server = createServer(async (request, response) => {
    const { pathname: rawPath, searchParams } = new URL(request.url ?? '/', 'http://stand-in');
    const event = {
      ...{ rawPath, headers: request.headers, requestContext: { http: { method: request.method } } },
      queryStringParameters: Object.fromEntries(searchParams),
      body: Buffer.from(await text(request)).toString('base64'),
      isBase64Encoded: true,
    };
    const { head, body } = await readPrelude(standIn.invokeStreaming(event));
    response.writeHead(head.statusCode, { 'content-type': 'application/json' });
    await pipeline(body, response);
  });
  const port = await listen(server);
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await standIn.close();
    rmSync(folder, { recursive: true });
  });
  return `http://127.0.0.1:${port}`;
}

async function authorize(address: string, given: string) {
  const client = new AuthorizationClient();
  onTestFinished(() => client.close());
  const checked = readAuthorizationAddress(`${address}/authorize`);
  if (!checked.checked) throw new Error(checked.reason);
  const wish = { address: checked, groupid: group, site: 'production', minutes: 60 };
  const credentials = { username: 'presence-relay-verify', password: given };
  return await client.authorize({ ...wish, credentials }, deadlineIn(10_000));
}

function clientWith(presence: string, token: string): PresenceClient {
  const groups = new Map([[group, serverRules({ presence, directServers: [] })]]);
  const client = new PresenceClient({ groups, tokens: tokensInTurn(token) });
  onTestFinished(() => client.close());
  return client;
}

test('the clients of the relay get a token of it, look nobody up, and are shown over 12 MB of visitors', async () => {
  const address = await startStandIn();
  const { value } = await authorize(address, password);
  const client = clientWith(address, value);
  expect((await client.lookup(group, visitor, deadlineIn(10_000))).presence).toBe('absent');
  const json = new WholeJson();
  let bytes = 0;
  for await (const piece of await client.query(group, undefined, deadlineIn(20_000))) {
    bytes += piece.length;
    json.push(piece);
  }
  expect(json.isWhole).toBe(true);
  expect(bytes).toBeGreaterThan(12_000_000);
});

test('each token is another one', async () => {
  const address = await startStandIn();
  const tokens = await Promise.all([1, 2, 3].map(() => authorize(address, password)));
  expect(new Set(tokens.map(({ value }) => value)).size).toBe(3);
});

test('who has neither its password nor a token of it gets nothing', async () => {
  const address = await startStandIn();
  for (const wrong of ['another', `${password} `])
    await expect(authorize(address, wrong)).rejects.toThrow(AuthorizationError);
  const { value } = await authorize(address, password);
  const [head = '', claims = '', end = ''] = value.split('.');
  for (const forged of [
    `${head}.${claims}.${end.slice(0, -1)}x`,
    `${head}.${claims}.${tokenEnd('another')}`,
  ]) {
    const failure = await failureOf(clientWith(address, forged).lookup(group, visitor, deadlineIn(5_000)));
    expect(failure.code).toBe('authorization');
  }
  for (const path of ['/query', '/lookupvisitor', '/authorize', '/']) {
    const answer = await fetch(address + path);
    expect([answer.status, await answer.text()]).toEqual([401, expect.stringContaining('authorization')]);
  }
});
