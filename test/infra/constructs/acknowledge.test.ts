import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { expect, test } from 'vitest';
import { acknowledge } from '../../../infra/constructs/acknowledge.ts';

const reason = 'Nothing is ever put there.';

function resourceOf(queue: Queue): CfnResource {
  const { defaultChild } = queue.node;
  if (CfnResource.isCfnResource(defaultChild)) return defaultChild;
  throw new Error('a queue without a resource');
}

test('All that is acknowledged in a resource stands in its metadata', () => {
  const queue = new Queue(new Stack(new App()), 'Queue');
  acknowledge(queue, { findings: ['CKV_AWS_27', 'AwsSolutions-SQS4'], reason });
  acknowledge(queue, { findings: ['CKV_AWS_1'], reason: 'Another one.' });
  expect(resourceOf(queue).getMetadata('checkov')).toEqual({
    skip: [
      { id: 'CKV_AWS_27', comment: reason },
      { id: 'CKV_AWS_1', comment: 'Another one.' },
    ],
  });
});

test('A finding of checkov can be acknowledged in one resource alone, and not in all that a construct holds', () => {
  const several = new Construct(new Stack(new App()), 'Several');
  new Queue(several, 'Queue');
  expect(() => acknowledge(several, { findings: ['CKV_AWS_27'], reason })).toThrow(
    'Several is no single resource',
  );
});
