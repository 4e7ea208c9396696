const browsers = [
  ['Edge', /Edg(?:e|A|iOS)?\/([\d.]+)/],
  ['Opera', /OPR\/([\d.]+)/],
  ['Firefox', /(?:Firefox|FxiOS)\/([\d.]+)/],
  ['Chrome', /(?:HeadlessChrome|Chrome|CriOS)\/([\d.]+)/],
  ['Safari', /Version\/([\d.]+).*Safari/],
] as const;

/** What a visitor's page tells about itself; everything that names itself Safari too comes before Safari. */
export function generalData(): Record<string, string> {
  const { userAgent, platform } = navigator;
  const [browser, pattern] = browsers.find(([, candidate]) => candidate.test(userAgent)) ?? ['Other', /$^/];
  return { url: location.href, browser, browserver: pattern.exec(userAgent)?.[1] ?? '', platform };
}
