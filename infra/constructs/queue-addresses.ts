import type { CfnQueue, Queue } from 'aws-cdk-lib/aws-sqs';

/**
 * The environment of a function, with the addresses of queues. CloudFormation fills them in, so that nobody knows yet
 * how long they are: it is made once with addresses as long as in any region, which throws where there is no room.
 */
export function withQueueAddresses(
  variables: (addressOf: (queue: Queue) => string) => Record<string, string>,
): Record<string, string> {
  variables(longestAddress);
  return variables(({ queueUrl }) => queueUrl);
}

function longestAddress(queue: Queue): string {
  const { queueName } = queue.node.defaultChild as CfnQueue; // of a Queue it is always that
  return `https://sqs.ap-northeast-1.amazonaws.com.cn/111122223333/${queueName}`;
}
