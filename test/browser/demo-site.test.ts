import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../support/browser.ts';
import { RelayUnderTest } from '../support/relay.ts';

let relay: RelayUnderTest;
let browser: Browser;
beforeAll(async () => {
  [relay, browser] = await Promise.all([RelayUnderTest.open(), openBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await relay[Symbol.asyncDispose]();
});

async function openSite(visitorid: string): Promise<Page> {
  const page = await browser.newPage();
  page.on('pageerror', (error) => expect.fail(`the page failed: ${error.message}`));
  await page.goto(`${relay.addresses.site}/?visitorid=${visitorid}`);
  await page.waitForSelector('#state[data-state="connected"]');
  return page;
}

test('a browser that opens the demo site shows a signal within a second', async () => {
  const page = await openSite('browser-signal');
  const sentAt = performance.now();
  expect((await relay.signal('browser-signal', { text: 'Hello from the relay' })).status).toBe(200);
  const item = page.locator('#messages [data-kind="signal"]').first();
  await item.waitFor({ timeout: 1_000 });
  expect(performance.now() - sentAt).toBeLessThan(1_000);
  expect(await item.textContent()).toContain('Hello from the relay');
  await page.close();
});

test('a function that is invoked runs in the page, with its arguments', async () => {
  const page = await openSite('browser-invoke');
  const data = { func: 'GLANCE.Cobrowse.Visitor.showTerms', args: { sessionKey: 'key-1' } };
  const answer = await relay.call('signalvisitor', relay.of('browser-invoke'), { mtype: 'invoke', data });
  expect(answer.status).toBe(200);
  const item = page.locator('#messages [data-kind="invoke"]').first();
  await item.waitFor({ timeout: 1_000 });
  expect(await item.textContent()).toContain('key-1');
  await page.close();
});

test('a page that shows a message never runs it', async () => {
  const page = await openSite('browser-script');
  await relay.signal('browser-script', '<img src=x onerror="document.title=\'hacked\'">');
  await page.locator('#messages [data-kind="signal"]').first().waitFor();
  expect(await page.title()).not.toBe('hacked');
  await page.close();
});

test('a visitor who leaves is absent, and present again on coming back', async () => {
  const page = await openSite('browser-leaves');
  await page.close();
  await expect
    .poll(() => relay.call('lookupvisitor', relay.of('browser-leaves')).then(({ text }) => text), {
      timeout: 10_000,
    })
    .toBe('{}');
  const again = await openSite('browser-leaves');
  expect((await relay.call('lookupvisitor', relay.of('browser-leaves'))).text).toContain('browser-leaves');
  await again.close();
});
