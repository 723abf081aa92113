-- Where articles stood on front pages and section pages, from when to when: the rows of `newsarchive export --placements`.
-- It runs on SQLite and on PostgreSQL. A rebuild makes a new index, without it.
CREATE VIEW placements AS
WITH looks AS (
  -- A revisit that was not read shows what its original shows.
  SELECT captures.id, captures.url_id, fetched_at,
    CASE WHEN is_read OR refers_to_id IS NULL THEN captures.id ELSE refers_to_id END AS source_id,
    row_number() OVER (PARTITION BY captures.url_id ORDER BY fetched_at, record_id) AS number,
    lead(fetched_at) OVER (PARTITION BY captures.url_id ORDER BY fetched_at, record_id) AS next_at
  FROM captures
  WHERE outcome = 'listing'
), targets AS (
  SELECT url_id, coalesce(
    (SELECT min(articles.id) FROM articles WHERE articles.url_id = linked.url_id),
    (SELECT min(captures.article_id) FROM captures WHERE captures.url_id = linked.url_id)) AS article_id
  FROM (SELECT DISTINCT url_id FROM links) AS linked
), places AS (
  SELECT looks.*, article_id, capture_groups.position + 1 AS block, label, links.position + 1 AS position,
    coalesce(box_size, '') AS box_size,
    row_number() OVER (PARTITION BY looks.id, article_id ORDER BY capture_groups.position, links.position) AS choice
  FROM looks
  JOIN capture_groups ON capture_groups.capture_id = looks.source_id
  JOIN link_groups ON link_groups.id = capture_groups.group_id
  JOIN links ON links.group_id = capture_groups.group_id
  JOIN targets ON targets.url_id = links.url_id AND article_id IS NOT NULL
), spans AS (
  SELECT *, number - row_number() OVER (
    PARTITION BY url_id, article_id, block, label, position, box_size ORDER BY number) AS span
  FROM places
  WHERE choice = 1
)
SELECT article_id, article_urls.url AS article_url, urls.url, nullif(sources.title, '') AS title, block, label, spans.position, box_size,
  min(fetched_at) AS first, max(fetched_at) AS last,
  CASE WHEN count(next_at) = count(*) THEN max(next_at) END AS until, count(*) AS captures
FROM spans
JOIN urls ON urls.id = spans.url_id
JOIN articles ON articles.id = article_id
JOIN urls AS article_urls ON article_urls.id = articles.url_id
LEFT JOIN sources ON sources.url_id = spans.url_id
GROUP BY article_id, article_urls.url, urls.url, sources.title, block, label, spans.position, box_size, spans.url_id, span;
