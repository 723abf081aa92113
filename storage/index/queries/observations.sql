-- unclassified
-- Changes without kinds, with the ids of the two texts.
SELECT
    changes.article_id, changes.capture_id, changes.texts, changes.number, older.id AS older_id, newer.id AS newer_id
FROM changes
LEFT JOIN versions AS older
    ON older.article_id = changes.article_id AND older.number = changes.before_number AND NOT older.is_variant
LEFT JOIN versions AS newer
    ON newer.article_id = changes.article_id AND newer.number = changes.number AND NOT newer.is_variant
WHERE changes.kinds IS NULL
ORDER BY changes.article_id, changes.capture_id
LIMIT :limit
