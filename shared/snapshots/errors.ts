/** Whose visitors nobody knows yet. */
export class SlotToCome extends Error {
  override readonly name = 'SlotToCome';

  constructor() {
    super('the time of the snapshot is yet to come');
  }
}

/** Somebody else has the slot now: whatever was not done yet is theirs to do. */
export class SlotLost extends Error {
  override readonly name = 'SlotLost';
}
