/** Somebody else has the slot now: whatever was not done yet is theirs to do. */
export class SlotLost extends Error {
  override readonly name = 'SlotLost';
}
