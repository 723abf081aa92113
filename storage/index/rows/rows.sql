-- fetched-articles
SELECT url_id FROM frontier
WHERE url_id IN :ids AND last_fetched_at IS NOT NULL AND kind = 'article' AND failure_count = 0

-- urls-with-articles
SELECT DISTINCT url_id FROM captures WHERE url_id IN :ids AND article_id IS NOT NULL

-- shared-texts
-- Texts by their masked digests: the first and last page that has each, and the best evidence. Read from an index.
SELECT site_id, masked_digest, min(page_url_id) AS first, max(page_url_id) AS last,
    count(DISTINCT page_url_id) AS pages, max(evidence) AS evidence
FROM versions WHERE masked_digest IN :ids
GROUP BY site_id, masked_digest

-- first-of-digest
SELECT site_id, digest, min(id) AS first FROM versions WHERE digest IN :ids GROUP BY site_id, digest

-- alternates
SELECT DISTINCT versions.site_id, versions.page_url_id, captures.url_id
FROM versions JOIN captures ON captures.page_version_id = versions.id
WHERE captures.url_id <> versions.page_url_id AND versions.page_url_id IN :ids

-- named-by
SELECT DISTINCT versions.site_id, versions.page_url_id, captures.url_id
FROM versions JOIN captures ON captures.page_version_id = versions.id
WHERE captures.url_id <> versions.page_url_id AND captures.url_id IN :ids

-- body-lengths
SELECT version_paragraphs.version_id, paragraphs.id, length(paragraphs.text)
FROM version_paragraphs JOIN paragraphs ON paragraphs.id = version_paragraphs.paragraph_id
WHERE version_paragraphs.version_id IN :ids AND version_paragraphs.role IN :roles

-- changed-articles
-- Articles of whose URLs a capture has no text, or that have several versions.
SELECT places.article
FROM (
    SELECT article_id AS article, url_id AS url FROM captures WHERE article_id IN :ids
    UNION
    SELECT id, url_id FROM articles WHERE id IN :ids
) AS places
JOIN captures ON captures.url_id = places.url
WHERE captures.outcome IN :outcomes
UNION
SELECT article_id FROM versions WHERE article_id IN :ids AND number > 1

-- canonical-urls
SELECT id, url_id FROM articles WHERE id IN :ids

-- texts
SELECT id, site_id, digest, masked_digest FROM versions WHERE id IN :ids

-- authors
SELECT version_authors.version_id, authors.name
FROM version_authors JOIN authors ON authors.id = version_authors.author_id
WHERE version_authors.version_id IN :ids
ORDER BY version_authors.version_id, version_authors.position

-- tags
SELECT version_tags.version_id, tags.name
FROM version_tags JOIN tags ON tags.id = version_tags.tag_id
WHERE version_tags.version_id IN :ids
ORDER BY version_tags.version_id, version_tags.position

-- parts
-- What is compared of a version besides its paragraphs and authors.
SELECT id, headline, dek, is_dek_learnt, section, image_caption FROM versions WHERE id IN :ids

-- changes
-- What depends on captures; the other columns are the comparison of the two texts.
SELECT article_id, capture_id, before_id, seen_at, seen_before_at, event, number, before_number, texts
FROM changes WHERE article_id IN :ids

-- digests-of-parts
SELECT article_id, number, parts, modified FROM versions WHERE article_id IN :ids AND NOT is_variant
