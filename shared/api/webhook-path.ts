/** Where webhooks come in, as API Gateway writes it. */
export const webhookPath = '/webhooks/{source}';

/** The address of a source; `base` is what stands before it. */
export function webhookUrl(base: string, source: string): string {
  return base + webhookPath.replace('{source}', source);
}
