-- tables
PRAGMA page_size=8192;
PRAGMA journal_mode=OFF;
PRAGMA synchronous=OFF;
CREATE TABLE articles (id INTEGER PRIMARY KEY, :columns);
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
CREATE INDEX captures_by_urlkey ON captures(urlkey, fetched_at);
ANALYZE;
