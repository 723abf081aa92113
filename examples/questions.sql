-- Questions to the index, as SQL. They run on SQLite and on PostgreSQL:
--
--     sqlite3 -readonly morgue/index.sqlite3 < examples/questions.sql
--
-- All tables and columns: docs/schema.md

-- Which articles were changed most often, and over how long a time?
SELECT articles.id, count(*) AS versions, articles.first_seen_at, articles.last_seen_at, max(urls.url) AS url
FROM versions
JOIN articles ON articles.id = versions.article_id
JOIN urls ON urls.id = articles.url_id
GROUP BY articles.id, articles.first_seen_at, articles.last_seen_at
HAVING count(*) > 1
ORDER BY versions DESC, articles.id
LIMIT 20;

-- Whose headlines were changed, from what to what?
SELECT before.article_id, before.headline AS was, after.headline AS became
FROM versions AS before
JOIN versions AS after ON after.article_id = before.article_id AND after.number = before.number + 1
WHERE after.headline <> before.headline
ORDER BY before.article_id, before.number;

-- Which articles changed although the page does not say so (the date of change stayed as it was)?
SELECT after.article_id, after.number, after.headline
FROM versions AS before
JOIN versions AS after ON after.article_id = before.article_id AND after.number = before.number + 1
WHERE coalesce(after.modified_at, after.published_at) = coalesce(before.modified_at, before.published_at)
ORDER BY after.article_id, after.number;

-- How many articles has each author written, by section?
SELECT authors.name, versions.section, count(DISTINCT versions.article_id) AS articles
FROM authors
JOIN version_authors ON version_authors.author_id = authors.id
JOIN versions ON versions.id = version_authors.version_id
GROUP BY authors.name, versions.section
ORDER BY articles DESC, authors.name;

-- Which articles of different sites share most of their paragraphs (wire copy)?
SELECT one.article_id, other.article_id AS other_id, count(*) AS shared
FROM version_paragraphs AS a
JOIN version_paragraphs AS b ON b.paragraph_id = a.paragraph_id
JOIN versions AS one ON one.id = a.version_id
JOIN versions AS other ON other.id = b.version_id AND other.article_id > one.article_id
JOIN articles AS mine ON mine.id = one.article_id
JOIN articles AS theirs ON theirs.id = other.article_id AND theirs.site_id <> mine.site_id
WHERE a.role = 'text'
GROUP BY one.article_id, other.article_id
HAVING count(*) >= 5
ORDER BY shared DESC;

-- What does a site print under its articles?
SELECT sites.name, boilerplate.articles_seen, paragraphs.text
FROM boilerplate
JOIN sites ON sites.id = boilerplate.site_id
JOIN paragraphs ON paragraphs.id = boilerplate.paragraph_id
WHERE boilerplate.is_boilerplate
ORDER BY sites.name, boilerplate.articles_seen DESC;

-- What went wrong, by site and day?
SELECT sites.name, substr(CAST(captures.fetched_at AS text), 1, 10) AS day, captures.outcome, count(*) AS captures
FROM captures
JOIN sites ON sites.id = captures.site_id
WHERE captures.outcome IN ('error', 'challenge', 'consent_wall', 'login_wall', 'soft_404', 'empty', 'unreadable')
GROUP BY sites.name, substr(CAST(captures.fetched_at AS text), 1, 10), captures.outcome
ORDER BY day, sites.name;
