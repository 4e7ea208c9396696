import { npmRun } from '../../names.ts';
import { type Finding, finding } from '../report.ts';
import { signedFetch } from '../signed-fetch.ts';
import type { Caller } from './caller.ts';
import { type Counted, countQuery } from './count.ts';
import type { DeployedRelay } from './relay.ts';
import type { Surroundings } from './step.ts';

/** More than an answer that is not streamed could have. */
const largeBytes = 10_000_000;

/** An answer to `/query` that has to be there, whole and large. */
export function judgeStream(counted: Counted): Finding {
  const { status, words, bytes, isWhole } = counted;
  if (status !== 200) return finding('fail', `/query is answered ${words}`, unanswered);
  if (!isWhole) return finding('fail', `/query was cut off: ${wordsOf(counted)}`, cut);
  if (bytes <= largeBytes) return finding('warn', `/query is whole, and no more than ${wordsOf(counted)}`);
  return finding('ok', `/query came whole: ${wordsOf(counted)}`);
}

const unanswered =
  'does the account stream answers of this API? Its method GET /query has to have the response-transfer mode STREAM; the log of the function "query" tells the rest';
const cut = 'the log of the function "query" tells whether the Presence service or the way to it broke off';

function wordsOf({ bytes, seconds, firstSeconds }: Counted): string {
  const amount = bytes.toLocaleString('en-GB');
  return `${amount} bytes of JSON in ${seconds.toFixed(1)} s, the first after ${firstSeconds.toFixed(1)} s`;
}

/** What came of the `/query` of the relay itself. */
export interface Queried {
  readonly found: Finding;
  /** It was whole, and over 10 MB: nothing else has to be deployed to see that. */
  readonly large: Finding | undefined;
}

/** Asks for all visitors of each group that the caller may query. They are counted in bytes, and nothing of them is kept. */
export async function queryAll(
  { groups, address, region, stage }: Pick<DeployedRelay, 'groups' | 'address' | 'region' | 'stage'>,
  { credentials }: Caller,
  surroundings: Surroundings,
): Promise<Queried> {
  const fetching = signedFetch({ credentials, region, service: 'execute-api' });
  const counted: { groupid: string; counted: Counted }[] = [];
  for (const { groupid } of groups) {
    const one = await countQuery(fetching, `${address}/query?groupid=${groupid}`, surroundings);
    counted.push({ groupid, counted: one });
  }
  const granted = counted.filter((one) => one.counted.status !== 403);
  const first = counted[0]?.counted.words ?? '403';
  if (granted.length === 0)
    return {
      found: finding(
        'warn',
        `not checked: these credentials may not query any group, ${first}`,
        '"callers" in relay.config.ts grants "query" by its name alone; --role names a role that may',
      ),
      large: undefined,
    };
  const failed = granted.find((one) => one.counted.status !== 200 || !one.counted.isWhole);
  if (failed) {
    const { says, hint } = judgeStream(failed.counted);
    const probe = `"${npmRun(stage, `probe -- ${failed.groupid}`)}" tells whether all is well with Glance`;
    return {
      found: finding('fail', `group ${failed.groupid}: ${says}`, `${hint}; ${probe}`),
      large: undefined,
    };
  }
  const says = granted.map((one) => `group ${one.groupid}: ${wordsOf(one.counted)}`).join('; ');
  const large = granted.find((one) => one.counted.bytes > largeBytes);
  return {
    found: finding('ok', `/query came whole. ${says}`),
    large: large && finding('ok', `seen by "query", group ${large.groupid}: ${wordsOf(large.counted)}`),
  };
}
