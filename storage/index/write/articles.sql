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

-- existing-versions
-- Texts of pages with their first captures, and what shows them: a version of an article, which may be the one that a
-- duplicate repeats; none for a soft error.
SELECT
    versions.site_id, versions.page_url_id, versions.digest, versions.id, versions.capture_id, captures.fetched_at,
    captures.record_id, coalesce(versions.article_id, original.article_id) AS article_id,
    coalesce(versions.duplicate_of_id, CASE WHEN versions.article_id IS NOT NULL THEN versions.id END) AS shown_by
FROM versions
JOIN captures ON captures.id = versions.capture_id
LEFT JOIN versions AS original ON original.id = versions.duplicate_of_id
WHERE versions.page_url_id IN :ids

-- showing
-- The articles that show texts.
SELECT DISTINCT article_id FROM captures WHERE page_version_id IN :ids AND article_id IS NOT NULL

-- update-version
UPDATE versions SET article_id = :article_id, duplicate_of_id = :duplicate_of_id, is_current = :is_current,
    is_counted = :is_counted, number = 1, is_variant = false, changed = '', parts = NULL,
    dek = CASE WHEN is_dek_learnt THEN NULL ELSE dek END, is_dek_learnt = false, beside = NULL
WHERE id = :of

-- update-captures
UPDATE captures SET article_id = :article, version_id = :version WHERE page_version_id = :of

-- renumber
-- A version stays counted only while it stays current or not: whether articles are one story depends on their current
-- versions.
UPDATE versions SET number = :number, is_variant = :is_variant, is_current = :is_current, changed = :changed,
    parts = :parts, is_counted = is_counted AND is_current = :is_current
WHERE id = :of

-- mark-uncounted
UPDATE versions SET is_counted = false WHERE article_id IN :ids AND is_counted

-- affected-articles
SELECT article_id FROM captures WHERE url_id IN :ids AND article_id IS NOT NULL
UNION SELECT id FROM articles WHERE url_id IN :ids
