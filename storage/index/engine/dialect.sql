-- identity
-- PostgreSQL: the cluster, and the file and number of a table.
SELECT system_identifier || '-' || pg_relation_filenode('search_changes') || '-' || 'search_changes'::regclass::oid
FROM pg_control_system()

-- unseen-changes
-- PostgreSQL, a condition: the transaction of a change had not ended at a mark.
(transaction_id >= :oldest
AND NOT pg_visible_in_snapshot(CAST(CAST(transaction_id AS text) AS xid8), CAST(:mark AS pg_snapshot)))
