-- outcomes
-- The outcome of the newest capture over each article's URLs: the canonical one, and all that showed it. A redirect from
-- another address of the article says that this address moved, not the article.
SELECT ranked.article, ranked.outcome FROM (
    SELECT places.article, captures.outcome, row_number() OVER (
        PARTITION BY places.article ORDER BY captures.fetched_at DESC, captures.record_id DESC
    ) AS place
    FROM (
        SELECT article_id AS article, url_id AS url FROM captures WHERE article_id IN :ids
        UNION
        SELECT id, url_id FROM articles WHERE id IN :ids
    ) AS places
    JOIN captures ON captures.url_id = places.url
    JOIN articles ON articles.id = places.article
    WHERE captures.outcome <> 'redirect' OR captures.url_id = articles.url_id
) AS ranked
WHERE ranked.place = 1

-- captures
-- `payload`, here and below: a digest by which captures of a URL with the same bytes are found.
SELECT
    article_id, id, url_id, version_id, refers_to_id, fetched_at, is_read,
    coalesce(payload_digest, record_id) AS payload
FROM captures WHERE article_id IN :ids
ORDER BY article_id, fetched_at, record_id

-- versions
SELECT
    versions.id, versions.article_id, versions.published_at, captures.url_id,
    coalesce(captures.payload_digest, captures.record_id) AS payload,
    versions.number, versions.is_variant, versions.is_current, versions.changed, versions.parts
FROM versions
JOIN captures ON captures.id = versions.capture_id
WHERE versions.article_id IN :ids
ORDER BY versions.article_id, captures.fetched_at, captures.record_id
