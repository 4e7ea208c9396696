import { crc32 } from 'node:zlib';
import { hashesIn, type SortedHashes } from './id-hashes.ts';
import { type Slot, slotAt } from './slot.ts';

/** Who was there at a slot, for the next comparison: as hashes of their ids, with the key that they are made with. */
export interface State {
  /** 8 bytes. */
  readonly key: Uint8Array;
  readonly slot: Slot;
  readonly present: SortedHashes;
  readonly missing: Missing;
}

/** Who was there before, is not there now, and is not yet held to have left. None of them is present. */
export interface Missing {
  readonly hashes: SortedHashes;
  /** For each, the slot where it was there for the last time, in seconds since 1970. */
  readonly lastSeen: Uint32Array;
  /** For each, from how many snapshots in a row it was missing. */
  readonly times: Uint32Array;
}

/**
 * What is behind the key are words of 32 bits without sign, little-endian:
 *
 * |  at | what |
 * |----:|------|
 * |   0 | `prstate1`: what it is, and its version |
 * |   8 | the key |
 * |  16 | CRC-32 of all other bytes |
 * |  20 | the slot, in seconds since 1970 |
 * |  24 | how many are present |
 * |  28 | how many are missing |
 * |  32 | the hashes of those present, then of those missing, two words each, the lower one first |
 * |     | when each of the missing was last seen, then how often each is missing |
 */
const magic = Buffer.from('prstate1', 'latin1');
const at = { key: 8, checksum: 16, slot: 20, present: 24, missing: 28, words: 32 } as const;
const wordBytes = 4;

/** Throws where the slot is before 1970 or after 2105. */
export function writeState({ key, slot, present, missing }: State): Buffer {
  const parts = [present.words, missing.hashes.words, missing.lastSeen, missing.times];
  const length = parts.reduce<number>((sum, part) => sum + part.byteLength, at.words);
  const memory = new ArrayBuffer(length);
  const bytes = Buffer.from(memory);
  magic.copy(bytes);
  bytes.set(key, at.key);
  bytes.writeUInt32LE(slot / 1_000, at.slot);
  bytes.writeUInt32LE(present.count, at.present);
  bytes.writeUInt32LE(missing.hashes.count, at.missing);
  const words = new Uint32Array(memory, at.words);
  let from = 0;
  for (const part of parts) {
    words.set(part, from);
    from += part.length;
  }
  bytes.writeUInt32LE(checksum(bytes), at.checksum);
  return bytes;
}

/** Of what `writeState` gave; the result may look into these bytes. Throws what is none, or cut off, or damaged. */
export function readState(given: Buffer): State {
  if (given.length < at.words || !given.subarray(0, magic.length).equals(magic))
    throw refusal('begins otherwise');
  const present = given.readUInt32LE(at.present);
  const missing = given.readUInt32LE(at.missing);
  const length = at.words + (2 * present + 4 * missing) * wordBytes;
  if (given.length !== length) throw refusal(`has ${given.length} bytes, and not ${length}`);
  if (given.readUInt32LE(at.checksum) !== checksum(given)) throw refusal('is damaged');
  const bytes = given.byteOffset % wordBytes === 0 ? given : new Uint8Array(given);
  let from = bytes.byteOffset + at.words;
  const next = (count: number): Uint32Array => {
    const words = new Uint32Array(bytes.buffer, from, count);
    from += words.byteLength;
    return words;
  };
  return {
    key: new Uint8Array(bytes.subarray(at.key, at.checksum)),
    slot: slotAt(given.readUInt32LE(at.slot) * 1_000),
    present: hashesIn(next(2 * present)),
    missing: { hashes: hashesIn(next(2 * missing)), lastSeen: next(missing), times: next(missing) },
  };
}

function checksum(bytes: Buffer): number {
  return crc32(bytes.subarray(at.slot), crc32(bytes.subarray(0, at.checksum)));
}

function refusal(why: string): Error {
  return new Error(`this is not the state of a snapshot: it ${why}`);
}
