-- tables
CREATE TABLE IF NOT EXISTS lease_holders (
    holder integer PRIMARY KEY, host text NOT NULL, pid integer NOT NULL, work text NOT NULL,
    since timestamptz NOT NULL, seen_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS leases (
    site text PRIMARY KEY, holder integer NOT NULL REFERENCES lease_holders ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS leases_holder ON leases (holder);
CREATE TABLE IF NOT EXISTS workers (
    worker_id bigint PRIMARY KEY, host text NOT NULL, pid integer NOT NULL, slots integer NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE IF NOT EXISTS next_checks (site text PRIMARY KEY, next_at timestamptz NOT NULL);

-- leases
SELECT site, holder, host, pid, work, since,
    seen_at > clock_timestamp() - make_interval(secs => %(stale)s) AS is_fresh,
    (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = %(class)s AND objid = holder AND objsubid = 2
        AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS backend
FROM leases JOIN lease_holders USING (holder)
WHERE %(sites)s::text[] IS NULL OR site = ANY(%(sites)s) ORDER BY site

-- due-sites
WITH fresh AS (
    SELECT site FROM leases JOIN lease_holders USING (holder)
    WHERE seen_at > clock_timestamp() - make_interval(secs => %(stale)s)
)
SELECT site FROM unnest(%(sites)s::text[]) AS site LEFT JOIN next_checks USING (site)
WHERE (next_at IS NULL OR next_at <= clock_timestamp())
    AND site NOT IN (SELECT site FROM fresh) AND NOT EXISTS (SELECT FROM fresh WHERE fresh.site = %(all)s)
    AND site NOT IN (SELECT lock FROM procrastinate_jobs
        WHERE status IN ('todo', 'doing') AND queue_name = %(queue)s AND lock IS NOT NULL)
ORDER BY next_at NULLS FIRST, site LIMIT %(limit)s

-- schedule-next-checks
INSERT INTO next_checks
SELECT site, clock_timestamp() + make_interval(secs => delay)
FROM unnest(%s::text[], %s::float8[]) AS of (site, delay) ORDER BY site
ON CONFLICT (site) DO UPDATE SET next_at = excluded.next_at

-- workers
SELECT id, host, pid, slots, since, last_heartbeat
FROM procrastinate_workers JOIN workers ON worker_id = id ORDER BY host, pid

-- jobs
SELECT lock, worker_id, attempts, max(at) AS at FROM procrastinate_jobs AS job
JOIN procrastinate_events AS event ON event.job_id = job.id AND event.type::text = %(event)s
WHERE status::text = %(status)s AND queue_name = %(queue)s GROUP BY job.id
HAVING status = 'doing' OR max(at) > clock_timestamp() - interval '1 day' ORDER BY at DESC

-- finish-job
WITH ours AS MATERIALIZED (
    SELECT id FROM procrastinate_jobs
    WHERE id = %(job_id)s AND status = 'doing' AND attempts = %(attempts)s
        AND worker_id IS NOT DISTINCT FROM %(worker_id)s::bigint
    FOR UPDATE
)
SELECT id, procrastinate_finish_job_v1(id, %(status)s::procrastinate_job_status, %(delete_job)s)::text FROM ours

-- retry-job
WITH ours AS MATERIALIZED (
    SELECT id FROM procrastinate_jobs
    WHERE id = %(job_id)s AND status = 'doing' AND attempts = %(attempts)s
        AND worker_id IS NOT DISTINCT FROM %(worker_id)s::bigint
    FOR UPDATE
)
SELECT id, procrastinate_retry_job_v2(id, %(retry_at)s, NULL, NULL, NULL)::text FROM ours
