import { Readable } from 'node:stream';
import { zstdCompressSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { EventBus } from '../../../shared/runtime/bus.ts';
import { deadlineIn } from '../../../shared/runtime/deadline.ts';
import { SnapshotBucket } from '../../../shared/snapshots/bucket.ts';
import { hashesIn, IdHashes } from '../../../shared/snapshots/id-hashes.ts';
import { tellChanges } from '../../../shared/snapshots/tell.ts';
import { startBusServer } from '../../support/bus.ts';
import { minute } from './site.ts';

const ids = Array.from({ length: 20_000 }, () => crypto.randomUUID());
const lines = ids.map((visitorid) => JSON.stringify({ snapshot: '', visitor: {}, visitorid }));
const object = zstdCompressSync(`${lines.join('\n')}\n`);
const key = Buffer.alloc(8, 7);

/** A bucket in which the connection breaks so often, each time later. */
class BreakingBucket extends SnapshotBucket {
  reads = 0;
  readonly #breaks: number;

  constructor(breaks: number) {
    super({
      bucket: 'none',
      open: () => {
        throw new Error('nobody asks S3');
      },
    });
    this.#breaks = breaks;
  }

  override stream() {
    const read = ++this.reads;
    const end = read > this.#breaks ? object.length : (object.length * read) / (this.#breaks + 1);
    async function* pieces() {
      for (let at = 0; at < end; at += 16_384) {
        yield object.subarray(at, Math.min(end, at + 16_384));
        await new Promise((done) => setTimeout(done, 2));
      }
      if (end < object.length) throw new Error('the socket timed out');
    }
    return Promise.resolve({ body: Readable.from(pieces()), etag: '""', bytes: object.length });
  }
}

async function tell(bucket: SnapshotBucket): Promise<unknown[]> {
  const server = await startBusServer();
  onTestFinished(() => server[Symbol.asyncDispose]());
  const arrived = new IdHashes(key);
  for (const id of ids.filter((_, at) => at % 400 === 0)) arrived.add(Buffer.from(id), 0, id.length);
  const changes = {
    arrivals: 50,
    departures: 0,
    arrived: arrived.sorted(),
    left: new Map([[minute(0), hashesIn(new Uint32Array())]]),
  };
  await tellChanges(changes, {
    between: { groupid: '12345', slot: minute(1), before: minute(0), missed: 0 },
    visitors: ids.length,
    key,
    mostEvents: 1_000,
    bucket,
    bus: new EventBus({ bus: 'test', open: server.open }),
    deadline: deadlineIn(60_000),
  });
  return server.details().map(({ visitorid }) => visitorid);
}

test('S3 hangs up on who reads slowly, as the bus may make one: each change is told all the same, and once', async () => {
  const bucket = new BreakingBucket(3);
  const told = await tell(bucket);
  expect(told.toSorted()).toEqual(ids.filter((_, at) => at % 400 === 0).toSorted());
  expect(bucket.reads).toBeGreaterThan(3);
});

test('a snapshot that breaks off at the same place each time is not read for ever', async () => {
  class Stuck extends BreakingBucket {
    override stream() {
      this.reads = 0;
      return super.stream();
    }
  }
  await expect(tell(new Stuck(3))).rejects.toThrow('the socket timed out');
});
