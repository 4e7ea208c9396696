import { DeleteObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { SnapshotBucket } from '../../../shared/snapshots/bucket.ts';
import { type AwsCall, answerOf } from '../aws.ts';
import { bucketOf } from '../snapshot/place.ts';
import { Setback } from './setbacks.ts';

/** The bucket with the snapshots of a stage. */
export interface SnapshotStore {
  readonly s3: S3Client;
  readonly name: string;
  readonly bucket: SnapshotBucket;
  /** Of the local run: what to do where something is not to be had. */
  readonly hints?: { readonly missing: string; readonly unreachable: string };
}

type Place = Pick<SnapshotStore, 's3' | 'hints'>;

/** The bucket of that name. */
export function openStore({ s3, hints }: Place, name: string): SnapshotStore {
  return { s3, name, bucket: bucketOf({ s3 }, name), ...(hints && { hints }) };
}

/** What the bucket answers. Throws `AwsTrouble`, which names it; a `Setback` stays what it is. */
export async function fromStore<T>(
  { s3: client, name, hints }: SnapshotStore,
  deed: AwsCall['deed'],
  rights: string,
  answer: Promise<T>,
): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Setback) throw error;
    const call: AwsCall = { client, service: 'S3', deed, hints: { rights, ...hints } };
    return await answerOf(`bucket ${name}`, call, Promise.reject(error));
  }
}

export interface Version {
  readonly etag: string;
  /** Where the bucket keeps those that were replaced. */
  readonly id?: string;
}

/** What stands under a key now; nothing if there is none. */
export async function newestVersion(
  { s3, name: Bucket }: SnapshotStore,
  Key: string,
): Promise<Version | undefined> {
  try {
    const { ETag = '', VersionId } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
    return { etag: ETag, ...(VersionId !== undefined && { id: VersionId }) };
  } catch (error) {
    if (isNamed(error, 'NotFound', 'NoSuchKey')) return undefined;
    throw error;
  }
}

/** Removes a version for good. False: it may not be, and stays for as long as the bucket keeps what was replaced. */
export async function removeVersion(
  { s3, name: Bucket }: SnapshotStore,
  Key: string,
  VersionId: string,
): Promise<boolean> {
  try {
    await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    return true;
  } catch (error) {
    if (isNamed(error, 'AccessDenied')) return false;
    throw error;
  }
}

/** Whether a write did not happen since something else stands there by now, or nothing. */
export function isOvertaken(error: unknown): boolean {
  return isNamed(error, 'PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey');
}

function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
