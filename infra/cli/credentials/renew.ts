import { randomUUID } from 'node:crypto';
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { GetQueueUrlCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Credentials } from '../../../shared/authorization/credentials.ts';
import type { RefreshRequest } from '../../../shared/authorization/request.ts';
import type { GroupId } from '../../../shared/presence/ids.ts';
import { type Clock, systemClock } from '../../../shared/runtime/clock.ts';
import { type AwsCall, AwsTrouble, answerTo } from '../aws.ts';
import { type Conclusion, type Finding, finding, type Step } from '../report.ts';
import { hintFor } from './hints.ts';
import { wordsFor } from './kinds.ts';
import type { Place } from './place.ts';
import { type News, newsSince, type Sight, Watch } from './watch.ts';

export interface Renewal {
  readonly groupid: GroupId;
  /** Without any, those that are there are used again. */
  readonly credentials?: Credentials | undefined;
  readonly place: Place;
}

export interface RenewalOptions {
  readonly clock?: Clock;
  /** How long a token is waited for. */
  readonly limitMs?: number;
  readonly pollMs?: number;
  /** Hears each time how many seconds have gone by; with nothing, that it is over. */
  readonly waiting?: (seconds?: number) => void;
}

/**
 * Stores the credentials of a group, asks the relay for a token, and waits until the relay has tried it: each step as
 * it is done. The function that gets the token runs for a minute at most; a request before this one may take as long.
 */
export async function* renew(renewal: Renewal, options: RenewalOptions = {}): AsyncGenerator<Step, void> {
  const { groupid, credentials, place } = renewal;
  const id = randomUUID();
  const stored = credentials
    ? await put(place, credentials, id)
    : finding('skipped', 'nothing is stored: those that are there are used');
  yield { name: 'credentials', ...stored };
  if (stored.verdict === 'fail') {
    yield { name: 'request', ...notAsked };
    yield { name: 'token', ...notAsked };
    return;
  }
  const watch = new Watch(place);
  // A request does not need that it can be watched.
  const before = await watch.look().catch(onlyTrouble);
  const asked = await ask(place, groupid);
  yield { name: 'request', ...asked };
  if (asked.verdict === 'fail') yield { name: 'token', ...notAsked };
  else if (before instanceof AwsTrouble) yield { name: 'token', ...unseen(place, before) };
  else {
    const news = await wait(watch, (sight) => newsSince(before, sight, credentials && id), options);
    yield { name: 'token', ...judge(news, place) };
  }
}

const notAsked = finding('skipped', 'no token was asked for');

async function put(place: Place, credentials: Credentials, version: string): Promise<Finding> {
  const { secretsManager: client, credentials: secret, hints } = place;
  const rights =
    'secretsmanager:PutSecretValue, and kms:Decrypt and kms:GenerateDataKey if it has a key of its own';
  const call: AwsCall = {
    client,
    service: 'Secrets Manager',
    deed: 'written',
    hints: { rights, ...hints },
  };
  const command = new PutSecretValueCommand({
    SecretId: secret,
    // The client repeats a request by itself: with its token, it is carried out once.
    ClientRequestToken: version,
    SecretString: JSON.stringify(credentials),
  });
  try {
    await answerTo(call, client.send(command));
    return finding('ok', `${wordsFor(credentials)}, stored in secret ${secret}`);
  } catch (error) {
    return failed(`secret ${secret}`, onlyTrouble(error));
  }
}

async function ask({ sqs: client, queue, hints }: Place, groupid: GroupId): Promise<Finding> {
  const call: AwsCall = {
    client,
    service: 'SQS',
    deed: 'used',
    hints: { rights: 'sqs:GetQueueUrl and sqs:SendMessage', ...hints },
  };
  const request = { groupid, because: 'operator', id: randomUUID() } satisfies RefreshRequest;
  try {
    const { QueueUrl } = await answerTo(call, client.send(new GetQueueUrlCommand({ QueueName: queue })));
    const message = new SendMessageCommand({
      QueueUrl,
      MessageBody: JSON.stringify(request),
      MessageGroupId: groupid,
      MessageDeduplicationId: request.id,
    });
    await answerTo(call, client.send(message));
    return finding('ok', `the relay is asked for a new token, on queue ${queue}`);
  } catch (error) {
    return failed(`queue ${queue}`, onlyTrouble(error));
  }
}

/** Whoever waits in vain hears what was in the way of looking, if anything was. */
async function wait(
  watch: Watch,
  newsIn: (sight: Sight) => News | undefined,
  { clock = systemClock, limitMs = 90_000, pollMs = 1_000, waiting = () => {} }: RenewalOptions,
): Promise<News | AwsTrouble | { readonly seconds: number }> {
  const begin = clock.now();
  let last: News | AwsTrouble | undefined;
  while (!last || last instanceof AwsTrouble) {
    const elapsed = clock.now() - begin;
    if (elapsed >= limitMs) break;
    waiting(Math.floor(elapsed / 1_000));
    await clock.sleep(pollMs);
    last = await watch.look().then(newsIn, onlyTrouble);
  }
  waiting();
  return last ?? { seconds: limitMs / 1_000 };
}

function judge(news: Awaited<ReturnType<typeof wait>>, place: Place): Finding {
  if (news instanceof AwsTrouble) return unseen(place, news);
  if ('token' in news) {
    const { expiresAt } = news.token;
    const until = expiresAt === undefined ? '' : `lives until ${new Date(expiresAt).toISOString()}, and `;
    return finding(
      'ok',
      `granted, tried on the Presence service, and in use; it ${until}is renewed by itself`,
    );
  }
  if ('note' in news) {
    const { failure, reason } = news.note;
    return finding('fail', `no new token (${failure}): ${reason}`, hintFor(failure, place));
  }
  return finding(
    'fail',
    `neither a new token within ${news.seconds} s, nor word why there is none`,
    `look into ${place.log}. Does it fail, or not run at all? Is the relay deployed with this group in relay.config.ts? Then: ${place.command} --again`,
  );
}

function unseen({ token }: Place, { message, hint }: AwsTrouble): Finding {
  return finding('fail', `what came of it is not to be seen: secret ${token} ${message}`, hint);
}

function failed(what: string, { message, hint }: AwsTrouble): Finding {
  return finding('fail', `${what} ${message}`, hint);
}

function onlyTrouble(error: unknown): AwsTrouble {
  if (error instanceof AwsTrouble) return error;
  throw error;
}

export function conclude(steps: readonly Step[]): Conclusion {
  const failed = steps.find(({ verdict }) => verdict === 'fail');
  if (!failed) return { ok: true, says: 'All is well: the group has a new token.' };
  return {
    ok: false,
    says: `Not well: ${failed.name} failed. The relay goes on with the token that it has, if it has any.`,
  };
}
