-- carrying
-- The newest articles of a site that carry a paragraph.
SELECT articles.id
FROM articles JOIN urls ON urls.id = articles.url_id
WHERE articles.site_id = :site_id AND articles.id IN (
    SELECT versions.article_id
    FROM versions JOIN version_paragraphs ON version_paragraphs.version_id = versions.id
    WHERE version_paragraphs.paragraph_id = :paragraph_id
)
ORDER BY articles.dated_at DESC, urls.url
LIMIT :sample

-- paragraphs-of-articles
SELECT versions.article_id, version_paragraphs.paragraph_id, length(paragraphs.text), boilerplate.site_id IS NOT NULL
FROM versions
JOIN articles ON articles.id = versions.article_id
JOIN version_paragraphs ON version_paragraphs.version_id = versions.id
JOIN paragraphs ON paragraphs.id = version_paragraphs.paragraph_id
LEFT JOIN boilerplate
ON boilerplate.site_id = articles.site_id AND boilerplate.paragraph_id = version_paragraphs.paragraph_id
WHERE versions.article_id IN :ids AND versions.is_current AND version_paragraphs.role IN :roles

-- share-by-any
INSERT INTO shared_paragraphs (paragraph_id, length)
SELECT paragraphs.id, length(paragraphs.text)
FROM (
    SELECT paragraph_id FROM version_paragraphs GROUP BY paragraph_id HAVING min(version_id) <> max(version_id)
) AS several CROSS JOIN paragraphs
WHERE paragraphs.id = several.paragraph_id

-- share-by-sites
-- CROSS JOIN makes SQLite join in this order: it does not know how large the tables are.
INSERT INTO shared_paragraphs (paragraph_id, length)
SELECT paragraphs.id, length(paragraphs.text)
FROM (
    SELECT version_paragraphs.paragraph_id AS paragraph_id
    FROM articles CROSS JOIN versions CROSS JOIN version_paragraphs
    WHERE articles.site_id IN :sites AND versions.article_id = articles.id
    AND version_paragraphs.version_id = versions.id
    GROUP BY version_paragraphs.paragraph_id
    HAVING min(articles.id) <> max(articles.id)
) AS several CROSS JOIN paragraphs
WHERE paragraphs.id = several.paragraph_id

-- share-with-new
INSERT INTO shared_paragraphs (paragraph_id, length)
SELECT id, length(text)
FROM paragraphs
WHERE id IN (
    SELECT paragraph_id
    FROM version_paragraphs
    WHERE paragraph_id IN (
        SELECT version_paragraphs.paragraph_id
        FROM version_paragraphs
        JOIN versions ON versions.id = version_paragraphs.version_id
        JOIN articles ON articles.id = versions.article_id
        WHERE NOT versions.is_counted AND articles.site_id IN :sites
    )
    GROUP BY paragraph_id
    HAVING min(version_id) <> max(version_id)
)

-- share-one
INSERT INTO shared_paragraphs (paragraph_id, length)
SELECT id, length(text) FROM paragraphs WHERE id = :of
ON CONFLICT (paragraph_id) DO NOTHING

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
        OR versions.is_dek_learnt
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

-- stored-counts
SELECT site_id, paragraph_id, articles_seen, first_seen_at, last_seen_at, is_boilerplate
FROM boilerplate WHERE site_id IN :sites AND (articles_seen >= :fewest OR is_boilerplate)
