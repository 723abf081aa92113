-- schema
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT);
INSERT OR IGNORE INTO state VALUES ('secret', lower(hex(randomblob(32)))), ('index', ''), ('mark', '');
CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alerts (
    key TEXT PRIMARY KEY, reader TEXT, definition TEXT, is_active INTEGER DEFAULT 0, last_hit REAL
);
CREATE TABLE IF NOT EXISTS tellings (
    id INTEGER PRIMARY KEY, delivery TEXT, alert TEXT, target TEXT, record TEXT, event TEXT, found REAL, next REAL,
    state TEXT DEFAULT 'open', attempts INTEGER DEFAULT 0, error TEXT DEFAULT ''
);
CREATE INDEX IF NOT EXISTS tellings_open ON tellings (next) WHERE state = 'open';
CREATE INDEX IF NOT EXISTS tellings_delivery ON tellings (delivery);
CREATE INDEX IF NOT EXISTS tellings_alert ON tellings (alert, target);
COMMIT;

-- get-state
SELECT value FROM state WHERE name = :name

-- set-state
INSERT OR REPLACE INTO state VALUES (:name, :value)

-- add-seen
INSERT OR IGNORE INTO seen VALUES (:first), (:second) RETURNING key

-- active-alerts
SELECT key FROM alerts WHERE is_active

-- reader-alerts
SELECT definition FROM alerts WHERE reader != '' ORDER BY reader, key

-- save-alert
INSERT INTO alerts (key, reader, definition) VALUES (:key, :reader, :definition)
ON CONFLICT (key) DO UPDATE SET definition = excluded.definition

-- activate-alert
INSERT INTO alerts (key, reader, is_active) VALUES (:key, '', 1) ON CONFLICT (key) DO UPDATE SET is_active = 1

-- delete-alert
DELETE FROM alerts WHERE key = :key

-- delete-tellings
DELETE FROM tellings WHERE alert = :key AND target NOT IN (SELECT value FROM json_each(:targets))

-- delete-old-tellings
DELETE FROM tellings WHERE found < :before

-- note-hit
UPDATE alerts SET last_hit = :found WHERE key = :alert

-- add-telling
INSERT INTO tellings (delivery, alert, target, record, event, found, next)
VALUES (:delivery, :alert, :target, :record, :event, :found, :next)

-- due-deliveries
SELECT delivery, alert, target, attempts FROM tellings WHERE state = 'open' AND (next <= :now OR next > :latest)
GROUP BY delivery ORDER BY min(next), min(id)

-- claim
UPDATE tellings SET attempts = attempts + 1, next = :next
WHERE delivery = :delivery AND attempts = :attempts AND state = 'open' RETURNING *

-- delete-telling
DELETE FROM tellings WHERE id = :id

-- postpone
UPDATE tellings SET delivery = substr(delivery, 1, 32) || '-' || id, attempts = 0, next = :next WHERE id = :id

-- end-attempt
UPDATE tellings SET state = :state, error = :error, next = :next WHERE delivery = :delivery

-- retry-failed
UPDATE tellings SET state = 'open', attempts = 0, next = 0 WHERE state = 'failed'

-- count-alert
SELECT
(SELECT last_hit FROM alerts WHERE key = :alert) AS last_hit,
count(*) FILTER (WHERE state = 'open') AS waiting,
count(DISTINCT delivery) FILTER (WHERE state = 'done') AS sent,
count(DISTINCT delivery) FILTER (WHERE state = 'failed') AS failed,
coalesce(max(error) FILTER (WHERE state != 'done'), '') AS error
FROM tellings WHERE alert = :alert

-- count-failures
SELECT count(DISTINCT delivery) AS count, max(error) AS error FROM tellings WHERE state != 'done' AND error != ''
