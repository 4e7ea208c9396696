import type { S3Client } from '@aws-sdk/client-s3';

type Module = typeof import('@aws-sdk/client-s3');
type CommandName =
  | 'AbortMultipartUploadCommand'
  | 'CompleteMultipartUploadCommand'
  | 'CreateMultipartUploadCommand'
  | 'GetObjectCommand'
  | 'HeadObjectCommand'
  | 'ListObjectsV2Command'
  | 'PutObjectCommand'
  | 'UploadPartCommand';

/** What of the module is used: whoever names it has no more of it in the bundle. */
export type S3Module = Pick<Module, 'S3Client' | CommandName>;

/** The client of S3, and those of its commands that snapshots need. */
export type S3 = { readonly client: S3Client } & Pick<Module, CommandName>;

/** Its time-outs fit a part of a snapshot, which goes over the wire in a second or two. */
export function s3Of(module: S3Module): S3 {
  const { S3Client, ...commands } = module;
  const client = new S3Client({
    requestHandler: {
      connectionTimeout: 2_000,
      requestTimeout: 20_000,
      socketTimeout: 20_000,
      throwOnRequestTimeout: true,
    },
  });
  return { client, ...commands };
}
