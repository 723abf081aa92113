-- tables
PRAGMA page_size=8192;
PRAGMA journal_mode=OFF;
PRAGMA synchronous=OFF;
CREATE TABLE articles (id INTEGER PRIMARY KEY, :columns);
CREATE TABLE versions (article INTEGER REFERENCES articles(id), :columns);
CREATE TABLE authors (article INTEGER REFERENCES articles(id), position INTEGER, name TEXT);
CREATE TABLE tags (article INTEGER REFERENCES articles(id), position INTEGER, name TEXT);
CREATE TABLE placements (
    article INTEGER REFERENCES articles(id), url TEXT, title TEXT, block INTEGER, label TEXT, position INTEGER,
    box_size TEXT, first TEXT, last TEXT, until TEXT, captures INTEGER, minutes INTEGER
);
CREATE TABLE links (
    article INTEGER REFERENCES articles(id), kind TEXT, label TEXT, position INTEGER, url TEXT, anchor TEXT
);
CREATE TABLE captures (
    id INTEGER PRIMARY KEY, url TEXT, urlkey TEXT, fetched_at TEXT, status INTEGER, mime TEXT, kind TEXT,
    payload_digest TEXT, warc TEXT, warc_offset INTEGER, warc_length INTEGER
);

-- indexes
CREATE VIRTUAL TABLE "articles_fts" USING FTS5(
    headline, dek, body, authors, tokenize="unicode61 remove_diacritics 2", content="articles", content_rowid="id"
);
INSERT INTO articles_fts(articles_fts) VALUES ('rebuild');
CREATE INDEX articles_by_published ON articles(published);
CREATE INDEX articles_by_site ON articles(site, published);
CREATE INDEX links_by_article ON links(article);
CREATE INDEX links_by_url ON links(url);
CREATE INDEX versions_by_article ON versions(article);
CREATE INDEX authors_by_article ON authors(article);
CREATE INDEX authors_by_name ON authors(name);
CREATE INDEX tags_by_article ON tags(article);
CREATE INDEX tags_by_name ON tags(name);
CREATE INDEX placements_by_article ON placements(article);
CREATE INDEX placements_by_url ON placements(url, first);
CREATE INDEX captures_by_urlkey ON captures(urlkey, fetched_at);
ANALYZE;
