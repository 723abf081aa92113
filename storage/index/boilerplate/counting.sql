-- count
-- A text does not count for an article whose headline or dek it is. Lengths are compared first, as that is cheap.
INSERT INTO counted_paragraphs
SELECT
    tallied.site_id, tallied.paragraph_id, tallied.length, tallied.articles, tallied.first_from_start,
    tallied.last_from_start, tallied.first_from_end, tallied.last_from_end, tallied.first_seen_at,
    tallied.last_seen_at, coalesce(boilerplate.is_boilerplate, false)
FROM (
    SELECT
        articles.site_id AS site_id,
        shared_paragraphs.paragraph_id AS paragraph_id,
        max(shared_paragraphs.length) AS length,
        count(DISTINCT articles.id) AS articles,
        min(version_paragraphs.position) AS first_from_start,
        max(version_paragraphs.position) AS last_from_start,
        min(versions.paragraph_count - 1 - version_paragraphs.position) AS first_from_end,
        max(versions.paragraph_count - 1 - version_paragraphs.position) AS last_from_end,
        min(articles.dated_at) AS first_seen_at,
        max(articles.dated_at) AS last_seen_at
    FROM {tables}
    WHERE articles.site_id IN :sites
    AND versions.article_id = articles.id
    AND version_paragraphs.version_id = versions.id
    AND version_paragraphs.paragraph_id = shared_paragraphs.paragraph_id
    AND version_paragraphs.role IN :roles
    AND (
        shared_paragraphs.length <> length(versions.headline)
        OR versions.headline <> (SELECT text FROM paragraphs WHERE id = shared_paragraphs.paragraph_id)
    )
    AND (
        versions.dek IS NULL
        OR shared_paragraphs.length <> length(versions.dek)
        OR versions.dek <> (SELECT text FROM paragraphs WHERE id = shared_paragraphs.paragraph_id)
    )
    GROUP BY articles.site_id, shared_paragraphs.paragraph_id
    HAVING count(DISTINCT articles.id) >= 2
) AS tallied
LEFT JOIN boilerplate
ON boilerplate.site_id = tallied.site_id AND boilerplate.paragraph_id = tallied.paragraph_id

-- uncounted
FROM boilerplate
WHERE boilerplate.site_id IN :sites
AND NOT EXISTS (
    SELECT 1 FROM counted_paragraphs
    WHERE counted_paragraphs.site_id = boilerplate.site_id
    AND counted_paragraphs.paragraph_id = boilerplate.paragraph_id
)

-- store
INSERT INTO boilerplate (site_id, paragraph_id, articles_seen, first_seen_at, last_seen_at, is_boilerplate)
SELECT site_id, paragraph_id, articles, first_seen_at, last_seen_at, is_boilerplate
FROM counted_paragraphs
WHERE NOT EXISTS (
    SELECT 1 FROM boilerplate
    WHERE boilerplate.site_id = counted_paragraphs.site_id
    AND boilerplate.paragraph_id = counted_paragraphs.paragraph_id
    AND boilerplate.articles_seen = counted_paragraphs.articles
    AND boilerplate.first_seen_at = counted_paragraphs.first_seen_at
    AND boilerplate.last_seen_at = counted_paragraphs.last_seen_at
)
ORDER BY site_id, paragraph_id
ON CONFLICT (site_id, paragraph_id) DO UPDATE SET
    articles_seen = excluded.articles_seen,
    first_seen_at = excluded.first_seen_at,
    last_seen_at = excluded.last_seen_at
