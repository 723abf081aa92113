-- places
SELECT capture_groups.capture_id, link_groups.label, capture_groups.position AS block, links.position
FROM links
JOIN capture_groups ON capture_groups.group_id = links.group_id
JOIN link_groups ON link_groups.id = links.group_id
WHERE links.url_id IN :ids
ORDER BY capture_groups.capture_id DESC
LIMIT :limit

-- listing-names
SELECT urls.id, urls.url, sources.title
FROM urls
LEFT JOIN sources ON sources.url_id = urls.id
WHERE urls.id IN :ids
ORDER BY urls.url
