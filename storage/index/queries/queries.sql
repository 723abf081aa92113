-- unclassified
-- Changes whose kinds are not told yet, with the versions of the article that count of those with its two numbers.
SELECT changes.article_id, changes.capture_id, changes.texts, changes.number, older.id AS older_id, newer.id AS newer_id
FROM changes
LEFT JOIN versions AS older ON older.article_id = changes.article_id AND older.number = changes.before_number
    AND NOT older.is_variant
LEFT JOIN versions AS newer ON newer.article_id = changes.article_id AND newer.number = changes.number
    AND NOT newer.is_variant
WHERE changes.kinds IS NULL
ORDER BY changes.article_id, changes.capture_id
LIMIT :limit

-- sites-of-runs
SELECT crawl_sites.crawl_id, sites.name
FROM crawl_sites JOIN sites ON sites.id = crawl_sites.site_id
WHERE crawl_sites.crawl_id IN :ids
ORDER BY sites.name

-- warc-files
SELECT warc_files.name, warc_files.state, crawls.run AS crawl, warc_files.size, warc_files.sha256,
    (SELECT count(*) FROM captures WHERE captures.warc_file_id = warc_files.id) AS captures
FROM warc_files LEFT JOIN crawls ON crawls.id = warc_files.crawl_id
ORDER BY warc_files.name

-- captures-and-versions
-- The rows of paywall stubs have no article.
SELECT (SELECT count(*) FROM captures) AS captures,
    (SELECT count(*) FROM versions WHERE NOT is_variant AND article_id IS NOT NULL) AS versions

-- places
-- The places of links to some URLs on captures, the newest first.
SELECT capture_groups.capture_id, link_groups.label, capture_groups.position AS block, links.position, links.box_size
FROM links
JOIN capture_groups ON capture_groups.group_id = links.group_id
JOIN link_groups ON link_groups.id = links.group_id
WHERE links.url_id IN :ids
ORDER BY capture_groups.capture_id DESC
LIMIT :limit

-- article-urls
SELECT articles.id, urls.url FROM articles JOIN urls ON urls.id = articles.url_id WHERE articles.id IN :ids

-- listing-names
SELECT urls.id, urls.url, sources.title
FROM urls LEFT JOIN sources ON sources.url_id = urls.id
WHERE urls.id IN :ids
ORDER BY urls.url

-- versions-by-url
SELECT url_id, count(version_id) AS versions FROM captures WHERE url_id IN :ids GROUP BY url_id

-- sources
SELECT urls.url, sites.name AS site, sources.kind, sources.title, sources.entries, sources.first_seen_at AS first_seen,
    sources.last_seen_at AS last_seen, sources.last_changed_at AS last_changed
FROM sources JOIN urls ON urls.id = sources.url_id JOIN sites ON sites.id = sources.site_id
WHERE CAST(:site AS text) IS NULL OR sites.name = :site
ORDER BY urls.url

-- source-health
-- The condition on kinds is that of a partial index, verbatim. Further pages of listings are left out.
SELECT source_rates.*, lanes.site, frontier.kind, frontier.last_fetched_at, frontier.due_at, frontier.failure_count,
    urls.url, sources.title
FROM frontier
JOIN lanes ON lanes.id = frontier.lane_id
JOIN urls ON urls.id = frontier.url_id
LEFT JOIN source_rates ON source_rates.url_id = frontier.url_id
LEFT JOIN sources ON sources.url_id = frontier.url_id
WHERE frontier.kind IN ('feed', 'listing', 'sitemap') AND frontier.last_fetched_at IS NOT NULL
AND frontier.priority < :backfill
AND (frontier.kind <> 'listing' OR frontier.via_kind IS NULL OR frontier.via_kind <> 'listing')
AND lanes.site IN :sites
ORDER BY lanes.site, urls.url

-- groups
SELECT capture_groups.capture_id, link_groups.id, link_groups.kind, link_groups.label
FROM capture_groups JOIN link_groups ON link_groups.id = capture_groups.group_id
WHERE capture_groups.capture_id IN :ids
ORDER BY capture_groups.capture_id, capture_groups.position

-- media
SELECT version_media.version_id, version_media.kind, urls.url, version_media.caption, version_media.credit, version_media.alt,
    version_media.place, version_media.duration, version_media.transcript_url
FROM version_media JOIN urls ON urls.id = version_media.url_id
WHERE version_media.version_id IN :ids
ORDER BY version_media.version_id, version_media.position

-- entities
SELECT version_id, relation, type, name, url, NULL AS transcript_url
FROM version_entities WHERE version_id IN :ids
ORDER BY version_id, position

-- live-updates
SELECT updates.version_id, updates.headline, paragraphs.text, updates.published, updates.modified, updates.url,
    NULL AS transcript_url
FROM version_live_updates AS updates JOIN paragraphs ON paragraphs.id = updates.paragraph_id
WHERE updates.version_id IN :ids
ORDER BY updates.version_id, updates.position

-- parts
SELECT article_id, number, parts FROM versions WHERE article_id IN :ids AND parts IS NOT NULL AND NOT is_variant
