-- by-record
-- Revisits that wait and the originals that they name by record id; of several, the lowest record id is the last.
SELECT revisit.id AS revisit_id, original.id AS original_id
FROM captures AS revisit
JOIN captures AS original ON original.record_id = revisit.refers_to_record AND original.id <> revisit.id
WHERE revisit.kind = 'revisit' AND revisit.refers_to_id IS NULL
AND (original.is_read OR original.refers_to_id IS NOT NULL)
ORDER BY original.record_id DESC

-- by-place
-- The same by URL and date, for those whose record is not in the index.
SELECT revisit.id AS revisit_id, original.id AS original_id
FROM captures AS revisit
JOIN captures AS original ON original.url_id = revisit.refers_to_url_id
    AND original.warc_date = revisit.refers_to_date AND original.id <> revisit.id
WHERE revisit.kind = 'revisit' AND revisit.refers_to_id IS NULL AND original.kind <> 'revisit'
AND (original.is_read OR original.refers_to_id IS NOT NULL)
AND NOT EXISTS (SELECT 1 FROM captures AS known WHERE known.record_id = revisit.refers_to_record)
ORDER BY original.record_id DESC

-- original-by-digest
-- Complete 200 responses with a payload, the first ones first. An error is one that its site's own spider has not read:
-- a revisit of it would not be read.
SELECT captures.record_id, urls.url, captures.warc_date AS date, warc_files.name
FROM captures
JOIN urls ON urls.id = captures.url_id
JOIN warc_files ON warc_files.id = captures.warc_file_id
WHERE captures.payload_digest = :payload_digest AND captures.kind = 'response' AND captures.truncated IS NULL
AND captures.payload_size > 0 AND captures.outcome <> 'error' AND captures.status = 200
ORDER BY captures.fetched_at, captures.record_id
LIMIT :limit

-- original-by-url
SELECT captures.record_id, urls.url, captures.warc_date AS date, captures.payload_digest
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
