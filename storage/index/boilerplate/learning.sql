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
