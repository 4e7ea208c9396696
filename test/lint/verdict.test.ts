import { describe, expect, test } from 'vitest';
import type { Resource } from '../support/stack.ts';
import { verdictOn } from './verdict.ts';

/** A template with this queue alone. */
function templateWith(queue: Partial<Resource>) {
  return { Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: {}, ...queue } }, Outputs: {} };
}

const acknowledged = {
  Metadata: { checkov: { skip: [{ id: 'CKV_AWS_27', comment: 'Nothing is in it.' }] } },
};

/** What checkov finds in the template `small`. */
function reportOf(...ids: string[]) {
  const failed_checks = ids.map((check_id) => ({
    check_id,
    check_name: 'Ensure that all is well',
    file_path: '/unacknowledged/small.json',
    resource: 'AWS::SQS::Queue.Queue',
  }));
  return { check_type: 'cloudformation', results: { failed_checks } };
}

describe('the verdict on templates', () => {
  test('counts what is found and acknowledged', () => {
    expect(verdictOn({ small: templateWith(acknowledged) }, reportOf('CKV_AWS_27'))).toEqual({
      wrong: [],
      acknowledged: 1,
    });
  });

  test('tells of what is found and not acknowledged, by resource and rule', () => {
    const { wrong } = verdictOn({ small: templateWith(acknowledged) }, reportOf('CKV_AWS_27', 'CKV_AWS_1'));
    expect(wrong).toEqual(['small: AWS::SQS::Queue.Queue: CKV_AWS_1: Ensure that all is well']);
  });

  test('tells of what is acknowledged and found no more', () => {
    const { wrong } = verdictOn({ small: templateWith(acknowledged) }, reportOf());
    expect(wrong).toEqual(['small: AWS::SQS::Queue.Queue: CKV_AWS_27: acknowledged, and not found']);
  });

  test('takes no acknowledgement in one template for a finding in another', () => {
    const templates = { small: templateWith({}), other: templateWith(acknowledged) };
    expect(verdictOn(templates, reportOf('CKV_AWS_27')).wrong).toHaveLength(2);
  });

  test('reads the reports of several frameworks', () => {
    const reports = [reportOf('CKV_AWS_27'), reportOf('CKV_SECRET_2')];
    expect(verdictOn({ small: templateWith(acknowledged) }, reports)).toMatchObject({
      wrong: [expect.stringContaining('CKV_SECRET_2')],
      acknowledged: 1,
    });
  });

  test('is none on something that is no report', () => {
    expect(() => verdictOn({}, { passed: 0, failed: 0 })).toThrow();
  });
});
