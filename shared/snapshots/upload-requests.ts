import type { CompletedPart } from '@aws-sdk/client-s3';
import type { S3 } from './s3.ts';

/** An ETag, or that there is none. */
export type Replacing = { readonly etag: string } | 'nothing';

interface UploadRequestsOptions {
  readonly bucket: string;
  readonly key: string;
  readonly replacing: Replacing | undefined;
  readonly open: () => S3 | Promise<S3>;
}

/** What an upload asks of S3, all for one object of Zstandard. Bodies are buffers: so nothing needs `aws-chunked`. */
export class UploadRequests {
  readonly #object: { readonly Bucket: string; readonly Key: string };
  readonly #condition: { readonly IfMatch?: string; readonly IfNoneMatch?: '*' };
  readonly #open: () => S3 | Promise<S3>;

  constructor({ bucket, key, replacing, open }: UploadRequestsOptions) {
    this.#object = { Bucket: bucket, Key: key };
    this.#condition = conditionOf(replacing);
    this.#open = open;
  }

  /** The whole object at once; gives its ETag. */
  async put(body: Buffer, abortSignal: AbortSignal): Promise<string> {
    const { client, PutObjectCommand } = await this.#open();
    const command = new PutObjectCommand({
      ...this.#object,
      ...this.#condition,
      ContentType: 'application/zstd',
      Body: body,
    });
    const { ETag } = await client.send(command, { abortSignal });
    return told(ETag, 'an ETag');
  }

  /** Gives the id of the upload. Should its answer be lost, the bucket's rule for forgotten uploads ends it. */
  async create(abortSignal: AbortSignal): Promise<string> {
    const { client, CreateMultipartUploadCommand } = await this.#open();
    const command = new CreateMultipartUploadCommand({
      ...this.#object,
      ContentType: 'application/zstd',
      ChecksumAlgorithm: 'CRC32',
    });
    const { UploadId } = await client.send(command, { abortSignal });
    return told(UploadId, 'an upload id');
  }

  async part(id: string, PartNumber: number, body: Buffer, abortSignal: AbortSignal): Promise<CompletedPart> {
    const { client, UploadPartCommand } = await this.#open();
    const command = new UploadPartCommand({
      ...this.#object,
      UploadId: id,
      PartNumber,
      ChecksumAlgorithm: 'CRC32',
      Body: body,
    });
    const { ETag, ChecksumCRC32 } = await client.send(command, { abortSignal });
    return { PartNumber, ETag: told(ETag, 'an ETag'), ChecksumCRC32 };
  }

  /** Puts the parts together; gives the object's ETag. S3 refuses when they do not have this length. */
  async complete(
    id: string,
    parts: readonly CompletedPart[],
    bytes: number,
    abortSignal: AbortSignal,
  ): Promise<string> {
    const { client, CompleteMultipartUploadCommand } = await this.#open();
    const command = new CompleteMultipartUploadCommand({
      ...this.#object,
      UploadId: id,
      ...this.#condition,
      MultipartUpload: { Parts: [...parts] },
      MpuObjectSize: bytes,
    });
    const { ETag } = await client.send(command, { abortSignal });
    return told(ETag, 'an ETag');
  }

  /** Never rejects: what it does not reach is ended by the bucket's rule for forgotten uploads. */
  async abandon(id: string): Promise<void> {
    try {
      const { client, AbortMultipartUploadCommand } = await this.#open();
      const command = new AbortMultipartUploadCommand({ ...this.#object, UploadId: id });
      await client.send(command, { abortSignal: AbortSignal.timeout(10_000), requestTimeout: 3_000 });
    } catch {
      // Most likely it is gone already, or S3 is not to be reached, which is why it was abandoned.
    }
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
function conditionOf(replacing: Replacing | undefined): { IfMatch?: string; IfNoneMatch?: '*' } {
  if (replacing === undefined) return {};
  return replacing === 'nothing' ? { IfNoneMatch: '*' } : { IfMatch: replacing.etag };
}

/** What S3 always tells, by its documentation. */
export function told<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new Error(`S3 answers without ${what}.`);
  return value;
}
