import { type Browser, chromium } from 'playwright-core';

/**
 * A headless Chromium: the one at `CHROMIUM_PATH`, else the one that the development dependencies carry, which runs
 * on Linux (x64) without anything installed.
 */
export async function openBrowser(): Promise<Browser> {
  const { CHROMIUM_PATH } = process.env;
  if (CHROMIUM_PATH !== undefined)
    return chromium.launch({ executablePath: CHROMIUM_PATH, args: ['--no-sandbox'] });
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('set CHROMIUM_PATH to a Chromium or Chrome: the bundled one is for Linux (x64)');
  }
  // Only so does the package unpack the system libraries that it carries.
  process.env.AWS_EXECUTION_ENV = 'AWS_Lambda_nodejs24.x';
  const { default: bundled } = await import('@sparticuz/chromium');
  return chromium.launch({
    executablePath: await bundled.executablePath(),
    // Not the package's own switches: some of them turn off what a visitor's browser enforces.
    args: ['--no-sandbox', '--disable-gpu'],
  });
}
