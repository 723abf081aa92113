-- constraints
SELECT conrelid::regclass::text AS of, conname, contype, pg_get_constraintdef(oid)
FROM pg_constraint
WHERE contype IN ('f', 'u')
AND conrelid IN (SELECT to_regclass(name) FROM unnest(CAST(:names AS text[])) AS name)
ORDER BY conname

-- indexes
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
FROM pg_index
WHERE NOT indisprimary AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
AND indrelid IN (SELECT to_regclass(name) FROM unnest(CAST(:names AS text[])) AS name)
ORDER BY 1

-- objects
SELECT type, name, sql FROM sqlite_master
WHERE type IN ('index', 'trigger') AND sql IS NOT NULL AND tbl_name IN :tables
ORDER BY rowid
