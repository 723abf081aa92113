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
