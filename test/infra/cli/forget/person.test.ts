import { expect, test } from 'vitest';
import { AwsTrouble } from '../../../../infra/cli/aws.ts';
import { personOf } from '../../../../infra/cli/forget/person.ts';
import { visitorDigest } from '../../../../shared/snapshots/visitor-digest.ts';
import { type Secret, startSecrets } from '../../../support/secrets-server.ts';

async function ada(secret: Secret, needsDigests: boolean) {
  await using secrets = await startSecrets({ key: secret });
  return await personOf('ada', { client: secrets.client(), idKey: 'key', needsDigests });
}

test('somebody is who has the id, or the digest of it in that group, and nobody else', async () => {
  const { withoutDigests, ...person } = await ada('not-to-be-guessed', true);
  expect(withoutDigests).toBeUndefined();
  const digestIn = (groupid: string, id: string) => visitorDigest('not-to-be-guessed', groupid)(id);
  for (const [groupid, other] of [
    ['12345', '777'],
    ['777', '12345'],
  ] as const) {
    const isPerson = person.in(groupid);
    const ids = [
      'ada',
      digestIn(groupid, 'ada'),
      digestIn(other, 'ada'),
      digestIn(groupid, 'bob'),
      'Ada',
      '',
    ];
    expect(ids.map(isPerson)).toEqual([true, true, false, false, false, false]);
  }
});

test.each<[string, Secret]>([
  ['may not be read', { error: 'AccessDeniedException' }],
  ['is not there', { error: 'ResourceNotFoundException' }],
  ['is empty', { binary: '' }],
])(
  'where the key %s, digests are not looked for, which is told; where they are needed, nothing is',
  async (_, secret) => {
    const person = await ada(secret, false);
    expect(person.withoutDigests).toContain('secret key');
    expect(['ada', visitorDigest('', '12345')('ada')].map(person.in('12345'))).toEqual([true, false]);
    await expect(ada(secret, true)).rejects.toThrow(AwsTrouble);
  },
);
