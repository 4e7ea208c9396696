import { DeleteObjectsCommand, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import { prefixes } from '../../../shared/snapshots/keys.ts';
import { AwsTrouble, answerOf } from '../aws.ts';
import { type Finding, finding } from '../report.ts';

const location = /^s3:\/\/([a-z0-9.-]+)\/(.+)\.(?:csv|txt)$/;

/** Removes what Athena has put into the bucket for one query, with all versions. It would go in a week by itself. */
export async function removeResults(client: S3Client, output: string | undefined): Promise<Finding> {
  const [, bucket, key] = location.exec(output ?? '') ?? [];
  // What is of this one query has its id in its name; nothing else may be touched.
  if (bucket === undefined || !key?.startsWith(prefixes.results))
    return left('nobody knows where its result is');
  try {
    const count = await remove(client, bucket, key);
    return finding(
      'ok',
      count === 0 ? 'it left nothing in the bucket' : `its ${count} objects are removed from the bucket`,
    );
  } catch (error) {
    if (error instanceof AwsTrouble) return left(error.message, error.hint);
    throw error;
  }
}

function left(why: string, hint?: string): Finding {
  const goes = 'the bucket removes it by itself, in a week';
  return finding('warn', `its result stays: ${why}`, hint === undefined ? goes : `${hint}; else ${goes}`);
}

async function remove(client: S3Client, Bucket: string, Prefix: string): Promise<number> {
  const hints = { rights: 's3:ListBucketVersions, s3:DeleteObject and s3:DeleteObjectVersion' };
  const call = { client, service: 'S3', deed: 'written', hints } as const;
  const ask = <T>(answer: Promise<T>) => answerOf(`bucket ${Bucket}`, call, answer);
  const { Versions = [], DeleteMarkers = [] } = await ask(
    client.send(new ListObjectVersionsCommand({ Bucket, Prefix })),
  );
  const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
  if (Objects.length === 0) return 0;
  const { Errors = [] } = await ask(
    client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } })),
  );
  const [first] = Errors;
  if (first)
    throw new AwsTrouble(`bucket ${Bucket} may not be written: ${first.Code}`, `they need ${hints.rights}`);
  return new Set(Versions.map(({ Key }) => Key)).size;
}
