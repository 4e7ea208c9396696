const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Any text, as text of HTML or XML, or between the quotes of an attribute. */
export function markup(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? '').replaceAll(/[\p{C}]/gu, '\u{FFFD}');
}
