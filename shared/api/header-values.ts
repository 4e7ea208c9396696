import type { APIGatewayProxyEvent } from 'aws-lambda';

/** All values that a request has for a header, whose name may be in any case. */
export function headerValues(
  { headers, multiValueHeaders }: Pick<APIGatewayProxyEvent, 'headers' | 'multiValueHeaders'>,
  name: string,
): string[] {
  const wanted = name.toLowerCase();
  const isWanted = ([given]: readonly [string, unknown]) => given.toLowerCase() === wanted;
  // Only the latter has them all, where one came more than once.
  return Object.entries(multiValueHeaders ?? headers ?? {})
    .filter(isWanted)
    .flatMap(([, values]) => values ?? []);
}
