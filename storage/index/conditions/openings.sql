-- openings
-- Headlines, deks and first paragraphs of the articles that captures of some URLs show.
SELECT urls.urlkey, versions.headline, versions.dek, paragraphs.text
FROM urls
JOIN captures ON captures.url_id = urls.id
JOIN versions ON versions.article_id = captures.article_id
LEFT JOIN version_paragraphs ON version_paragraphs.version_id = versions.id AND version_paragraphs.position < :opening
LEFT JOIN paragraphs ON paragraphs.id = version_paragraphs.paragraph_id
WHERE urls.urlkey IN :ids
