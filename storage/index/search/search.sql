-- versions
SELECT
    versions.id, versions.article_id, versions.number, versions.is_variant, versions.is_current, versions.is_corrected,
    versions.changed, versions.language, versions.section, versions.headline, versions.organisations, versions.dek,
    versions.digest, articles.site_id, articles.dated_at, articles.first_seen_at, urls.url, urls.urlkey,
    urls.digest AS url_digest, captures.site_id AS capture_site_id, captures.fetched_at,
    captured.urlkey AS capture_urlkey
FROM versions
JOIN articles ON articles.id = versions.article_id
JOIN urls ON urls.id = articles.url_id
JOIN captures ON captures.id = versions.capture_id
JOIN urls AS captured ON captured.id = captures.url_id
WHERE versions.article_id IN :ids

-- author-ids
SELECT version_id, author_id FROM version_authors WHERE version_id IN :ids ORDER BY version_id, position

-- metadata-changes
SELECT DISTINCT article_id, field FROM metadata_changes WHERE article_id IN :ids

-- texts
SELECT
    versions.id, versions.article_id, versions.number, versions.is_variant, versions.digest, captures.record_id,
    urls.url
FROM versions
JOIN captures ON captures.id = versions.capture_id
JOIN articles ON articles.id = versions.article_id
JOIN urls ON urls.id = articles.url_id
WHERE versions.article_id IN :ids
ORDER BY versions.article_id, versions.number

-- classified-changes
SELECT changes.article_id, changes.capture_id, captures.record_id, urls.url
FROM changes
JOIN captures ON captures.id = changes.capture_id
JOIN articles ON articles.id = changes.article_id
JOIN urls ON urls.id = articles.url_id
WHERE changes.article_id IN :ids AND changes.kinds IS NOT NULL
