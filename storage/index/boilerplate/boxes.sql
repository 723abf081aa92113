-- stored
SELECT box, holds, articles, others FROM site_boxes WHERE site_id = :site ORDER BY box

-- sampled
SELECT version_boxes.boxes FROM version_boxes JOIN versions ON versions.id = version_boxes.version_id
WHERE versions.is_current AND versions.article_id IN (
    SELECT articles.id FROM articles JOIN urls ON urls.id = articles.url_id
    WHERE articles.site_id = :site ORDER BY urls.digest LIMIT :sample
)

-- of-site
SELECT versions.id, versions.dek, versions.is_dek_learnt, versions.beside, version_boxes.boxes, articles.site_id
FROM versions
JOIN version_boxes ON version_boxes.version_id = versions.id
JOIN articles ON articles.id = versions.article_id
WHERE articles.site_id = :site

-- of-versions
SELECT versions.id, versions.dek, versions.is_dek_learnt, versions.beside, version_boxes.boxes, articles.site_id
FROM versions
JOIN version_boxes ON version_boxes.version_id = versions.id
JOIN articles ON articles.id = versions.article_id
WHERE versions.id IN :ids

-- apply
-- Where digests of parts are needed, they are computed again.
UPDATE versions SET parts = CASE WHEN parts IS NOT NULL THEN '' END,
    dek = :new_dek, is_dek_learnt = :is_learnt, beside = :new_beside
WHERE id = :of
