import type { Reading } from '../source.ts';
import type { BodyEvent } from './generic-body.ts';

/** For vendors that sign the body, and tell in a header alone what kind of event it is. */
export interface TypedByHeader extends BodyEvent {
  /**
   * The vendor's name for this kind of event, which it does not sign: somebody who has captured a request could send it
   * again under another name. Good for choosing; look into the body before you rely on it.
   */
  readonly unsignedType: string | undefined;
}

export function withUnsignedType(
  { events, ...reading }: Reading<BodyEvent>,
  unsignedType: string | undefined,
): Reading<TypedByHeader> {
  return { ...reading, events: events.map((read) => ({ ...read, event: { ...read.event, unsignedType } })) };
}
