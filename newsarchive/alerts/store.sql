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

-- get-secret
SELECT value FROM state WHERE name = 'secret'

-- get-mark
SELECT max(value) FILTER (WHERE name = 'index'), max(value) FILTER (WHERE name = 'mark') FROM state

-- get-changes-mark
SELECT coalesce(max(value), '') FROM state WHERE name = 'changes'

-- set-changes-mark
INSERT INTO state VALUES ('changes', :mark) ON CONFLICT (name) DO UPDATE SET value = excluded.value

-- set-mark
UPDATE state SET value = CASE name WHEN 'index' THEN :index ELSE :mark END WHERE name IN ('index', 'mark')

-- add-seen
INSERT OR IGNORE INTO seen VALUES (:key) RETURNING key

-- active-alerts
SELECT key FROM alerts WHERE is_active

-- reader-alerts
SELECT definition FROM alerts WHERE reader != '' ORDER BY reader, key

-- save-alert
INSERT INTO alerts (key, reader, definition) VALUES (:key, :reader, :definition)
ON CONFLICT (key) DO UPDATE SET definition = excluded.definition

-- activate-alerts
INSERT INTO alerts (key, reader, is_active) SELECT each.value, '', 1 FROM json_each(:keys) AS each WHERE true
ON CONFLICT (key) DO UPDATE SET is_active = 1

-- delete-alert
DELETE FROM alerts WHERE key = :key

-- delete-other-alerts
DELETE FROM alerts WHERE is_active AND reader = '' AND key NOT IN (SELECT each.key FROM json_each(:targets) AS each)

-- stop-other-alerts
UPDATE alerts SET is_active = 0 WHERE key NOT IN (SELECT each.key FROM json_each(:targets) AS each)

-- delete-other-tellings
DELETE FROM tellings WHERE NOT EXISTS (
    SELECT 1 FROM json_each(:targets) AS each, json_each(each.value) AS kept
    WHERE each.key = tellings.alert AND kept.value = tellings.target
)

-- delete-old-tellings
DELETE FROM tellings WHERE state != 'open' AND found < :before

-- note-hit
UPDATE alerts SET last_hit = :found WHERE key = :alert

-- add-telling
INSERT INTO tellings (delivery, alert, target, record, event, found, next) VALUES (
    iif(
        (SELECT attempts FROM tellings WHERE delivery = :delivery LIMIT 1) > 0,
        :delivery || '-' || substr(:record, -12) || :event, :delivery
    ),
    :alert, :target, :record, :event, :found, :next
)

-- due-deliveries
SELECT delivery, alert, target, attempts FROM tellings WHERE state = 'open' AND (next <= :now OR next > :latest)
GROUP BY delivery
ORDER BY target IN (SELECT target FROM tellings WHERE state = 'open' AND error != ''), min(next), min(id)

-- claim
UPDATE tellings SET attempts = attempts + 1, next = :next
WHERE delivery = :delivery AND attempts = :attempts AND state = 'open' RETURNING *

-- delete-telling
DELETE FROM tellings WHERE id = :id

-- postpone
UPDATE tellings SET delivery = substr(delivery, 1, 32) || '-' || id, attempts = 0, next = :next WHERE id = :id

-- end-attempt
UPDATE tellings SET error = :error, next = :next,
state = CASE WHEN :error = '' THEN 'done' WHEN attempts > :most THEN 'failed' ELSE 'open' END
WHERE delivery = :delivery

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
SELECT count(DISTINCT delivery), max(error) FROM tellings WHERE state != 'done' AND error != ''
GROUP BY error = ''