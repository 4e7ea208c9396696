import { expect, test } from 'vitest';
import { assignments } from '../../../infra/emulated/assignments.ts';

test('another terminal gets all that a program needs, whatever this one has already', () => {
  const needed = { AWS_ENDPOINT_URL: 'https://127.0.0.1:4566', NODE_EXTRA_CA_CERTS: '/c.pem' };
  expect(assignments(needed, needed)).toEqual([
    'AWS_ENDPOINT_URL=https://127.0.0.1:4566',
    'NODE_EXTRA_CA_CERTS=/c.pem',
  ]);
});

test('what has to be nothing is told where it is something', () => {
  const needed = { AWS_PROFILE: '', AWS_SESSION_TOKEN: '' };
  expect(assignments(needed, { AWS_PROFILE: 'acme' })).toEqual(['AWS_PROFILE=']);
});

test('a shell takes each value as it is', () => {
  expect(assignments({ AWS_CA_BUNDLE: "/it's here; $HOME" }, {})).toEqual([
    String.raw`AWS_CA_BUNDLE='/it'\''s here; $HOME'`,
  ]);
});
