const form = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** `2021-03-25T05:09:27Z` in milliseconds since 1970; nothing for what is no time, or none that there is. */
export function fromRfc3339(text: string): number | undefined {
  const [, local = ''] = form.exec(text) ?? [];
  const asWritten = Date.parse(`${local}Z`);
  // The 30th of February would be taken for a day in March.
  const exists = !Number.isNaN(asWritten) && new Date(asWritten).toISOString().startsWith(local);
  return exists ? Date.parse(text) : undefined;
}
