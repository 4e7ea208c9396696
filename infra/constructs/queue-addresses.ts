import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { CfnQueue, Queue } from 'aws-cdk-lib/aws-sqs';

/**
 * The environment of a function, with the addresses of queues, and names of buckets that have none of ours.
 * CloudFormation fills them in, so that nobody knows yet how long they are: it is made once with those that are as long as
 * can be, which throws where there is no room.
 */
export function withQueueAddresses(
  variables: (
    addressOf: (queue: Queue) => string,
    nameOf: (bucket: Bucket) => string,
  ) => Record<string, string>,
): Record<string, string> {
  variables(longestAddress, () => 'b'.repeat(63));
  return variables(
    ({ queueUrl }) => queueUrl,
    ({ bucketName }) => bucketName,
  );
}

function longestAddress(queue: Queue): string {
  const { queueName } = queue.node.defaultChild as CfnQueue; // of a Queue it is always that
  return `https://sqs.ap-northeast-1.amazonaws.com.cn/111122223333/${queueName}`;
}
