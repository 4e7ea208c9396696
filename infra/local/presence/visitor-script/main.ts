import { behaveByDefault } from './default-behaviour.ts';
import { pageSettings } from './page-settings.ts';
import { Visitor, type VisitorOptions } from './visitor.ts';

/** The script that a page loads. It is written anew after Glance's documentation; nothing in it is Glance's. */
const globals = window as unknown as {
  GLANCE?: { Presence?: Record<string, unknown> };
  GLANCE_COBROWSE?: Record<string, unknown>;
};

const script = document.currentScript;
if (script instanceof HTMLScriptElement) {
  const page = pageSettings(script, globals.GLANCE_COBROWSE ?? {});
  let latest: Visitor | undefined;

  class PageVisitor extends Visitor {
    /** Of the visitor that was made last. */
    static setVisitorId(visitorid: string): void {
      latest?.setVisitorId(visitorid);
    }

    constructor(options?: VisitorOptions) {
      super(page, options);
      latest = this;
    }
  }

  globals.GLANCE ??= {};
  globals.GLANCE.Presence = { ...globals.GLANCE.Presence, Visitor: PageVisitor };
  if (page.presence === 'on') behaveByDefault(new PageVisitor());
}
