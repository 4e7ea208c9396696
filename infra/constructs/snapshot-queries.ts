/** A query that is saved in Athena, for people to change and run. */
export interface SnapshotQuery {
  readonly name: string;
  /** What it answers. */
  readonly says: string;
  readonly sql: string;
}

/** What stands in the queries until somebody changes it. */
export interface QueryDefaults {
  readonly groupid: string;
  readonly everyMinutes: number;
  readonly retentionDays: number;
}

/** They name the two tables of the catalog, and read their one column. Days and times are in UTC, like the keys. */
export function snapshotQueries(defaults: QueryDefaults): readonly SnapshotQuery[] {
  return [
    visitorsPerMinute(defaults),
    dwellTime(defaults),
    busiestHours(defaults),
    newAndReturning(defaults),
    whoWasThere(defaults),
  ];
}

function visitorsPerMinute({ groupid }: QueryDefaults): SnapshotQuery {
  return {
    name: 'Visitors per minute',
    says: 'How many were on the site, who came and who left, from snapshot to snapshot; gaps are marked.',
    sql: `-- How many visitors were on the site, how many came and how many left, from one snapshot to the next.
-- Where nobody knows, is_gap is true and there are no numbers. missed_before counts such snapshots before this one.
-- Departures are told when they are certain, which is a snapshot or more later.
-- It reads nothing but manifests, and costs next to nothing.
WITH chosen AS (
  SELECT line
  FROM snapshots
  WHERE groupid = '${groupid}' -- the group
    AND day >= ${daysAgo(1)} -- from this day on: '2026-11-22'
    AND day <= ${daysAgo(0)} -- to this one
)
SELECT
  json_extract_scalar(line, '$.snapshot') AS snapshot,
  json_extract_scalar(line, '$.status') = 'gap' AS is_gap,
  CAST(json_extract_scalar(line, '$.visitors') AS bigint) AS visitors,
  CAST(json_extract_scalar(line, '$.arrivals') AS bigint) AS arrivals,
  CAST(json_extract_scalar(line, '$.departures') AS bigint) AS departures,
  CAST(json_extract_scalar(line, '$.missed') AS bigint) AS missed_before
FROM chosen
ORDER BY snapshot
`,
  };
}

function dwellTime({ groupid, everyMinutes }: QueryDefaults): SnapshotQuery {
  return {
    name: 'Dwell time per page',
    says: 'For how long visitors stay on each page, and how many do.',
    sql: `-- For how long visitors stay on each page. A page is its address without query and fragment.
-- A stay is one visitor in successive snapshots on the same page, and lasts from the first of them to the last. So it is
-- really longer, by up to two periods, and who was seen but once stayed 0 seconds. Where two snapshots are more than two
-- periods apart, nobody knows what was between: the stay ends, and another one begins.
WITH
  chosen AS (
    SELECT line
    FROM visitors
    WHERE groupid = '${groupid}' -- the group
      AND day >= ${daysAgo(1)} -- from this day on: '2026-11-22'
      AND day <= ${daysAgo(0)} -- to this one
  ),
  settings AS (
    SELECT ${2 * everyMinutes * 60} AS longest -- seconds: two periods of the group
  ),
  seen AS (
    SELECT
      json_extract_scalar(line, '$.visitorid') AS visitorid,
      from_iso8601_timestamp(json_extract_scalar(line, '$.snapshot')) AS seen_at,
      regexp_replace(json_extract_scalar(line, '$.visitor.url'), '[?#].*$', '') AS page
    FROM chosen
  ),
  steps AS (
    SELECT
      visitorid,
      page,
      seen_at,
      lag(page) OVER (PARTITION BY visitorid ORDER BY seen_at) AS page_before,
      lag(seen_at) OVER (PARTITION BY visitorid ORDER BY seen_at) AS seen_before
    FROM seen
    WHERE visitorid IS NOT NULL AND page IS NOT NULL
  ),
  numbered AS (
    SELECT
      visitorid,
      page,
      seen_at,
      sum(
        CASE WHEN page = page_before AND date_diff('second', seen_before, seen_at) <= longest THEN 0 ELSE 1 END
      ) OVER (PARTITION BY visitorid ORDER BY seen_at ROWS UNBOUNDED PRECEDING) AS stay
    FROM steps
    CROSS JOIN settings
  ),
  stays AS (
    SELECT visitorid, page, date_diff('second', min(seen_at), max(seen_at)) AS seconds
    FROM numbered
    GROUP BY visitorid, page, stay
  )
SELECT
  page,
  count(DISTINCT visitorid) AS visitors,
  count(*) AS stays,
  avg(seconds) AS average_seconds,
  max(seconds) AS longest_seconds,
  sum(seconds) AS all_seconds
FROM stays
GROUP BY page
ORDER BY all_seconds DESC, stays DESC
LIMIT 100
`,
  };
}

function busiestHours({ groupid, retentionDays }: QueryDefaults): SnapshotQuery {
  return {
    name: 'Busiest hours',
    says: 'How many were on the site on average, and at most, in each hour of each day of the week.',
    sql: `-- How many visitors are on the site in each hour of each day of the week, in UTC: on average, and at most.
-- Gaps count for nothing. It reads nothing but manifests, and costs next to nothing.
WITH
  chosen AS (
    SELECT line
    FROM snapshots
    WHERE groupid = '${groupid}' -- the group
      AND day >= ${daysAgo(Math.min(28, retentionDays))} -- from this day on: '2026-11-22'
      AND day <= ${daysAgo(1)} -- to this one
  ),
  taken AS (
    SELECT
      from_iso8601_timestamp(json_extract_scalar(line, '$.snapshot')) AS seen_at,
      CAST(json_extract_scalar(line, '$.visitors') AS bigint) AS visitors
    FROM chosen
    WHERE json_extract_scalar(line, '$.status') = 'taken'
  )
SELECT
  day_of_week(seen_at) AS weekday, -- 1: Monday
  hour(seen_at) AS hour_of_day,
  avg(visitors) AS average_visitors,
  max(visitors) AS most_visitors,
  count(*) AS snapshots
FROM taken
GROUP BY day_of_week(seen_at), hour(seen_at)
ORDER BY average_visitors DESC
`,
  };
}

function newAndReturning({ groupid, retentionDays }: QueryDefaults): SnapshotQuery {
  return {
    name: 'New and returning visitors',
    says: 'How many visitors of each day were never seen before, and how many were.',
    sql: `-- How many visitors of each day had not been seen on an earlier one, and how many had.
-- Nobody knows of the days before the first one: all visitors of that are new.
-- It reads every visitor of all these days: the longer, the more it costs.
WITH
  chosen AS (
    SELECT day, line
    FROM visitors
    WHERE groupid = '${groupid}' -- the group
      AND day >= ${daysAgo(retentionDays)} -- from this day on: '2026-11-22'
      AND day <= ${daysAgo(0)} -- to this one
  ),
  seen AS (
    SELECT DISTINCT day, json_extract_scalar(line, '$.visitorid') AS visitorid
    FROM chosen
  ),
  dated AS (
    SELECT day, min(day) OVER (PARTITION BY visitorid) AS first_day
    FROM seen
    WHERE visitorid IS NOT NULL
  )
SELECT
  day,
  count(*) AS visitors,
  count_if(day = first_day) AS new_visitors,
  count_if(day > first_day) AS returning_visitors
FROM dated
GROUP BY day
ORDER BY day
`,
  };
}

function whoWasThere({ groupid }: QueryDefaults): SnapshotQuery {
  return {
    name: 'Who was there',
    says: 'The visitors at a time: those of the last snapshot before it.',
    sql: `-- Who was on the site at a time: the visitors of the last snapshot of that day that is not later.
-- Group and day stand here twice.
WITH chosen AS (
  SELECT max(json_extract_scalar(line, '$.snapshot')) AS snapshot
  FROM snapshots
  WHERE groupid = '${groupid}' -- the group
    AND day = ${daysAgo(0)} -- the day: '2026-11-22'
    AND json_extract_scalar(line, '$.snapshot') <= date_format(now(), '%Y-%m-%dT%H:%i:%sZ') -- the time: '2026-11-22T12:07:00Z'
    AND json_extract_scalar(line, '$.status') = 'taken'
)
SELECT
  json_extract_scalar(line, '$.snapshot') AS snapshot,
  json_extract_scalar(line, '$.visitorid') AS visitorid,
  json_extract_scalar(line, '$.visitor.url') AS url,
  json_format(json_extract(line, '$.visitor')) AS visitor
FROM visitors
WHERE groupid = '${groupid}' -- the group
  AND day = ${daysAgo(0)} -- the day: '2026-11-22'
  AND json_extract_scalar(line, '$.snapshot') = (SELECT snapshot FROM chosen)
ORDER BY visitorid
`,
  };
}

/** The day of a key, so many days before the one on which it is asked. Athena knows it before it lists any object. */
function daysAgo(days: number): string {
  return `date_format(current_date - interval '${days}' day, '%Y-%m-%d')`;
}
