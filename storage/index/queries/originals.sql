-- by-digest
-- Complete 200 responses with a payload, the first ones first. An error is one that its site's own spider has not read:
-- a revisit of it would not be read.
SELECT captures.record_id, urls.url, captures.warc_date, captures.payload_digest, warc_files.name
FROM captures
JOIN urls ON urls.id = captures.url_id
JOIN warc_files ON warc_files.id = captures.warc_file_id
WHERE captures.payload_digest = :payload_digest AND captures.kind = 'response' AND captures.truncated IS NULL
AND captures.payload_size > 0 AND captures.outcome <> 'error' AND captures.status = 200
ORDER BY captures.fetched_at, captures.record_id
LIMIT :limit

-- by-url
SELECT captures.record_id, urls.url, captures.warc_date, captures.payload_digest
FROM captures
JOIN urls ON urls.id = captures.url_id
WHERE captures.kind = 'response' AND captures.truncated IS NULL AND captures.payload_size > 0
AND captures.outcome <> 'error' AND captures.id = (
    SELECT coalesce(newest.refers_to_id, newest.id)
    FROM captures AS newest
    JOIN urls AS own ON own.id = newest.url_id
    WHERE own.digest = :url_digest AND (newest.refers_to_id IS NOT NULL OR (
        newest.kind = 'response' AND newest.truncated IS NULL AND newest.payload_size > 0
        AND newest.outcome <> 'error' AND newest.status = 200
    ))
    ORDER BY newest.fetched_at DESC, newest.record_id DESC
    LIMIT 1
)
