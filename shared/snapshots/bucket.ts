import { Readable } from 'node:stream';
import { type Deadline, longestTimerMs } from '../runtime/deadline.ts';
import type { S3 } from './s3.ts';
import { PartedUpload, type Upload } from './upload.ts';
import { type Replacing, told, UploadRequests } from './upload-requests.ts';

interface SnapshotBucketOptions {
  /** Its name. */
  readonly bucket: string;
  readonly open: () => S3 | Promise<S3>;
  /** Length of a part of a long upload: for S3 5 MiB at least. */
  readonly partBytes?: number;
}

interface PutOptions {
  readonly contentType?: string;
  /** Rejects with `PreconditionFailed` unless what is there has this ETag. */
  readonly ifMatch?: string;
}

interface UploadOptions {
  readonly deadline?: Deadline;
  /**
   * What there has to be when the object becomes visible, by its ETag; `nothing`: there must be none. Else `finish`
   * rejects with `PreconditionFailed`. Unless given, whatever is there is replaced.
   */
  readonly replacing?: Replacing;
}

interface Listed {
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
}

/**
 * The bucket of the snapshots. What is not there is `undefined`, for whoever may list the bucket: S3 tells others that
 * they may not read it.
 */
export class SnapshotBucket {
  readonly #bucket: string;
  readonly #open: () => S3 | Promise<S3>;
  readonly #partBytes: number;

  constructor({ bucket, open, partBytes = 8 * 2 ** 20 }: SnapshotBucketOptions) {
    this.#bucket = bucket;
    this.#open = open;
    this.#partBytes = partBytes;
  }

  /** Nothing is to be seen under the key before `finish` resolves. It fails when the deadline has passed. */
  startUpload(key: string, { deadline, replacing }: UploadOptions = {}): Upload {
    const requests = new UploadRequests({ bucket: this.#bucket, key, replacing, open: this.#open });
    const signal = signalOf(deadline);
    return new PartedUpload({ requests, partBytes: this.#partBytes, signal });
  }

  async put(
    key: string,
    body: string | Uint8Array,
    { contentType, ifMatch }: PutOptions = {},
  ): Promise<{ etag: string }> {
    const { client, PutObjectCommand } = await this.#open();
    const Body = typeof body === 'string' ? Buffer.from(body) : body;
    const command = new PutObjectCommand({
      ...this.#object(key),
      Body,
      ContentType: contentType,
      IfMatch: ifMatch,
    });
    const { ETag } = await client.send(command);
    return { etag: told(ETag, 'an ETag') };
  }

  async read(key: string): Promise<Buffer | undefined> {
    const found = await this.stream(key);
    return found && Buffer.concat(await found.body.toArray());
  }

  /** The body ends with an error when it is cut off. Of what was put at once, S3's checksum is checked too. */
  async stream(key: string): Promise<{ body: Readable; etag: string; bytes: number } | undefined> {
    const { client, GetObjectCommand } = await this.#open();
    const found = await ifThere(client.send(new GetObjectCommand(this.#object(key))));
    if (!found) return undefined;
    const { Body: body, ETag, ContentLength } = found;
    if (!(body instanceof Readable)) throw new Error('S3 answers without a body.');
    return { body, etag: told(ETag, 'an ETag'), bytes: told(ContentLength, 'a length') };
  }

  async head(key: string): Promise<{ bytes: number; etag: string } | undefined> {
    const { client, HeadObjectCommand } = await this.#open();
    const found = await ifThere(client.send(new HeadObjectCommand(this.#object(key))));
    return found && { bytes: told(found.ContentLength, 'a length'), etag: told(found.ETag, 'an ETag') };
  }

  /** In the order of the keys' bytes, from the first that comes after `after` on. */
  async *list(prefix: string, after?: string): AsyncGenerator<Listed, void> {
    const { client, ListObjectsV2Command } = await this.#open();
    const input = { Bucket: this.#bucket, Prefix: prefix, StartAfter: after };
    for (
      let ContinuationToken: string | undefined, more = true;
      more;
      more = ContinuationToken !== undefined
    ) {
      const page = await client.send(new ListObjectsV2Command({ ...input, ContinuationToken }));
      for (const { Key, Size, ETag } of page.Contents ?? []) {
        yield { key: told(Key, 'a key'), bytes: told(Size, 'a length'), etag: told(ETag, 'an ETag') };
      }
      ContinuationToken = page.NextContinuationToken;
    }
  }

  #object(Key: string) {
    return { Bucket: this.#bucket, Key };
  }
}

function signalOf(deadline: Deadline | undefined): AbortSignal {
  const ms = deadline?.remaining() ?? longestTimerMs;
  return AbortSignal.timeout(Math.min(Math.max(0, Math.floor(ms)), longestTimerMs));
}

async function ifThere<Found>(answer: Promise<Found>): Promise<Found | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && (error.name === 'NoSuchKey' || error.name === 'NotFound')) return undefined;
    throw error;
  }
}
