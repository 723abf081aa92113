-- lanes
-- Lanes of sites, and the priorities in each, with the earliest due time: it skips through the index of the frontier.
WITH RECURSIVE priorities AS (
    SELECT lanes.id AS id, (
        SELECT min(frontier.priority) FROM frontier
        WHERE frontier.due_at IS NOT NULL AND frontier.lane_id = lanes.id AND frontier.priority <= :max_priority
    ) AS priority
    FROM lanes WHERE lanes.site IN :sites
    UNION ALL
    SELECT priorities.id, (
        SELECT min(frontier.priority) FROM frontier
        WHERE frontier.due_at IS NOT NULL AND frontier.lane_id = priorities.id
        AND frontier.priority > priorities.priority AND frontier.priority <= :max_priority
    )
    FROM priorities WHERE priorities.priority IS NOT NULL
)
SELECT lanes.id, lanes.site, lanes.host, priorities.priority, (
    SELECT min(frontier.due_at) FROM frontier
    WHERE frontier.due_at IS NOT NULL AND frontier.lane_id = priorities.id AND frontier.priority = priorities.priority
) AS due_at
FROM lanes JOIN priorities ON priorities.id = lanes.id
WHERE priorities.priority IS NOT NULL

-- first-captures
-- The document of a page that a browser renders is stored as an asset before the rendered page. A page has a new
-- article if it shows the first version of one, whose text no older page of its site has.
WITH shown AS (
    SELECT captures.id AS capture_id, captures.url_id, captures.outcome, EXISTS (
        SELECT 1 FROM versions
        WHERE versions.capture_id = captures.id AND versions.number = 1 AND NOT EXISTS (
            SELECT 1 FROM versions AS older
            WHERE older.digest = versions.digest AND older.site_id = versions.site_id AND older.id < versions.id
        )
    ) AS has_new_article
    FROM captures
    WHERE captures.id > :after AND captures.outcome IN :outcomes
)
SELECT
    shown.capture_id, lanes.site, urls.url, via.url AS via_url, shown.has_new_article,
    frontier.redirect_count + CASE WHEN shown.outcome = 'redirect' THEN 1 ELSE 0 END AS redirect_count
FROM shown
JOIN urls ON urls.id = shown.url_id
JOIN frontier ON frontier.url_id = shown.url_id
JOIN lanes ON lanes.id = frontier.lane_id
LEFT JOIN urls AS via ON via.id = frontier.via_id
WHERE lanes.site IN :sites AND frontier.kind IN ('article', 'listing') AND (shown.has_new_article OR NOT EXISTS (
    SELECT 1 FROM captures AS before
    WHERE before.url_id = shown.url_id AND before.id < shown.capture_id AND before.outcome <> 'asset'
))
ORDER BY shown.capture_id
LIMIT :limit

-- listed-pages
SELECT urls.id AS url_id, urls.url, articles.dated_at
FROM capture_groups
JOIN link_groups ON link_groups.id = capture_groups.group_id
JOIN links ON links.group_id = capture_groups.group_id
JOIN urls ON urls.id = links.url_id
LEFT JOIN articles ON articles.url_id = urls.id
WHERE link_groups.kind = 'listing' AND capture_groups.capture_id = (
    SELECT captures.id FROM captures
    JOIN urls AS own ON own.id = captures.url_id
    WHERE own.digest = :digest
    AND EXISTS (SELECT 1 FROM capture_groups AS shown WHERE shown.capture_id = captures.id)
    ORDER BY captures.fetched_at DESC
    LIMIT 1
)
ORDER BY capture_groups.position, links.position

-- previous-states
SELECT urls.id, (
    SELECT min(captures.fetched_at) FROM captures WHERE captures.url_id = urls.id AND captures.id NOT IN :batch
) AS first, (
    SELECT captures.version_id FROM captures
    WHERE captures.url_id = urls.id AND captures.id NOT IN :batch AND captures.version_id IS NOT NULL
    ORDER BY captures.fetched_at DESC LIMIT 1
) AS version, (
    SELECT captures.id FROM captures WHERE captures.url_id = urls.id AND captures.id NOT IN :batch
    ORDER BY captures.fetched_at DESC LIMIT 1
) AS newest
FROM urls WHERE urls.id IN :ids

-- gone-since
-- The time of the first of the 410 responses that each URL's captures end with.
SELECT captures.url_id, min(captures.fetched_at) AS since
FROM captures
WHERE captures.url_id IN :ids AND captures.id NOT IN :batch AND NOT EXISTS (
    SELECT 1 FROM captures AS other
    WHERE other.url_id = captures.url_id AND other.id NOT IN :batch
    AND (other.status IS NULL OR other.status <> 410) AND other.fetched_at >= captures.fetched_at
)
GROUP BY captures.url_id

-- seen
-- The newest reading of a source, and the times of its first and last captures, and of the last with other content.
WITH newest AS (
    SELECT site_id, outcome, title, entries, coalesce(content_digest, payload_digest, '') AS content, fetched_at
    FROM captures WHERE url_id = :url_id AND outcome IN :read
    ORDER BY fetched_at DESC, record_id DESC LIMIT 1
)
SELECT newest.site_id, newest.outcome, newest.title, newest.entries, newest.content, newest.fetched_at, (
    SELECT min(captures.fetched_at) FROM captures WHERE captures.url_id = :url_id AND captures.outcome IN :read
) AS first, (
    SELECT max(captures.fetched_at) FROM captures WHERE captures.url_id = :url_id AND captures.outcome IN :shown
) AS last, (
    SELECT max(captures.fetched_at) FROM captures
    WHERE captures.url_id = :url_id AND captures.outcome IN :read
    AND coalesce(captures.content_digest, captures.payload_digest, '') <> newest.content
) AS other
FROM newest

-- same
-- The first reading with a content since another was seen.
SELECT min(fetched_at) AS at FROM captures
WHERE url_id = :url_id AND outcome IN :read AND fetched_at > :since
AND coalesce(content_digest, payload_digest, '') = :content

-- waiting
SELECT count(*) FROM frontier
WHERE lane_id IN (SELECT id FROM lanes WHERE site = :site) AND due_at IS NOT NULL AND last_fetched_at IS NULL
AND priority BETWEEN :least AND :most

-- backlog
SELECT
    lanes.site, count(*) AS url_count, max(frontier.priority) AS max_priority,
    count(*) FILTER (WHERE frontier.kind = 'listing') AS listing_count
FROM frontier
JOIN lanes ON lanes.id = frontier.lane_id
WHERE lanes.site IN :sites AND frontier.due_at <= :now AND frontier.last_fetched_at IS NULL
AND frontier.priority >= :least
GROUP BY lanes.site
ORDER BY lanes.site

-- never-captured
SELECT frontier.url_id, urls.url
FROM frontier
JOIN urls ON urls.id = frontier.url_id
JOIN lanes ON lanes.id = frontier.lane_id
WHERE lanes.site = :site AND frontier.last_fetched_at IS NULL AND frontier.due_at > :now

-- sources-of-site
SELECT
    source_rates.url_id, source_rates.last_read_at AS read_at, source_rates.newest_item_at,
    source_rates.item_ids AS ids
FROM source_rates
JOIN frontier ON frontier.url_id = source_rates.url_id
JOIN lanes ON lanes.id = frontier.lane_id
WHERE lanes.site = :site AND frontier.kind IN ('feed', 'listing', 'sitemap')

-- mentioned
SELECT url_id, last_fetched_at, failure_count FROM frontier
WHERE url_id IN :ids AND kind = 'article' AND last_fetched_at IS NOT NULL AND (due_at IS NULL OR failure_count > 0)

-- fetched
SELECT url_id, last_fetched_at FROM frontier WHERE url_id IN :ids AND last_fetched_at IS NOT NULL

-- advance
UPDATE frontier SET due_at = :at, ended_by = NULL WHERE url_id = :of AND (due_at IS NULL OR due_at > :at)

-- reschedule
UPDATE frontier SET due_at = :at WHERE url_id = :of

-- promote
UPDATE frontier SET priority = (priority - :backfill) % 100
WHERE url_id IN :ids AND priority >= :backfill AND last_fetched_at IS NULL

-- end
UPDATE frontier SET due_at = NULL, ended_by = 'person' WHERE url_id IN (SELECT id FROM urls WHERE digest IN :ids)

-- delete-pattern
DELETE FROM url_patterns WHERE site = :site AND pattern = :pattern
