/** A visitor of a group. */
export interface Person {
  readonly groupid: string;
  readonly visitorid: string;
}

/** Everything that is about whoever waits for one visitor. */
export function partition({ groupid, visitorid }: Person): string {
  return `line#${groupid}#${visitorid}`;
}

export function lookKey(person: Person) {
  return { pk: { S: partition(person) }, sk: { S: 'look' } };
}

/** Where a signal stands that waits; their order in the table is that in which they were accepted. */
export function entryKey(signal: Person & { readonly acceptedAt: number; readonly id: string }) {
  const at = String(signal.acceptedAt).padStart(16, '0');
  return { pk: { S: partition(signal) }, sk: { S: `signal#${at}#${signal.id}` } };
}
