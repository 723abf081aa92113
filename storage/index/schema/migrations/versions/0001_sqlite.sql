CREATE TABLE sites (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    title TEXT,
    configured BOOLEAN NOT NULL,
    configured_at DATETIME,
    needs_relearning BOOLEAN NOT NULL,
    CONSTRAINT pk_sites PRIMARY KEY (id),
    CONSTRAINT uq_sites_name UNIQUE (name)
);

CREATE TABLE host_backoff (
    host TEXT NOT NULL,
    ready_at DATETIME,
    refusal_count INTEGER NOT NULL,
    backoff_level INTEGER NOT NULL,
    reason TEXT NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_host_backoff PRIMARY KEY (host)
);

CREATE TABLE url_patterns (
    site TEXT NOT NULL,
    pattern TEXT NOT NULL,
    unproductive_count INTEGER NOT NULL,
    example_url TEXT NOT NULL,
    parked_at DATETIME,
    CONSTRAINT pk_url_patterns PRIMARY KEY (site, pattern)
);

CREATE TABLE crawls (
    id INTEGER NOT NULL,
    run TEXT NOT NULL,
    started_at DATETIME,
    finished_at DATETIME,
    outcome TEXT,
    counters JSON NOT NULL,
    CONSTRAINT pk_crawls PRIMARY KEY (id),
    CONSTRAINT uq_crawls_run UNIQUE (run)
);

CREATE TABLE paragraphs (
    id INTEGER NOT NULL,
    digest BLOB NOT NULL,
    text TEXT NOT NULL,
    CONSTRAINT pk_paragraphs PRIMARY KEY (id),
    CONSTRAINT uq_paragraphs_digest UNIQUE (digest)
);

CREATE TABLE authors (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    CONSTRAINT pk_authors PRIMARY KEY (id),
    CONSTRAINT uq_authors_name UNIQUE (name)
);

CREATE INDEX ix_authors_folded ON authors (folded);

CREATE TABLE tags (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT pk_tags PRIMARY KEY (id),
    CONSTRAINT uq_tags_name UNIQUE (name)
);

CREATE TABLE link_groups (
    id INTEGER NOT NULL,
    digest BLOB NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    CONSTRAINT pk_link_groups PRIMARY KEY (id),
    CONSTRAINT uq_link_groups_digest UNIQUE (digest)
);

CREATE TABLE site_hosts (
    site_id INTEGER NOT NULL,
    host TEXT NOT NULL,
    CONSTRAINT pk_site_hosts PRIMARY KEY (site_id, host),
    CONSTRAINT fk_site_hosts_site_id FOREIGN KEY(site_id) REFERENCES sites (id)
) WITHOUT ROWID;

CREATE TABLE urls (
    id INTEGER NOT NULL,
    site_id INTEGER,
    url TEXT NOT NULL,
    key_head TEXT NOT NULL,
    key_at INTEGER NOT NULL,
    urlkey TEXT NOT NULL GENERATED ALWAYS AS (key_head || lower(substr(url, key_at))) VIRTUAL,
    digest BLOB NOT NULL,
    CONSTRAINT pk_urls PRIMARY KEY (id),
    CONSTRAINT fk_urls_site_id FOREIGN KEY(site_id) REFERENCES sites (id),
    CONSTRAINT uq_urls_digest UNIQUE (digest)
);

CREATE INDEX ix_urls_urlkey ON urls (urlkey);

CREATE TABLE crawl_sites (
    crawl_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    CONSTRAINT pk_crawl_sites PRIMARY KEY (crawl_id, site_id),
    CONSTRAINT fk_crawl_sites_crawl_id FOREIGN KEY(crawl_id) REFERENCES crawls (id),
    CONSTRAINT fk_crawl_sites_site_id FOREIGN KEY(site_id) REFERENCES sites (id)
) WITHOUT ROWID;

CREATE INDEX ix_crawl_sites_site_id ON crawl_sites (site_id);

CREATE TABLE warc_files (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    crawl_id INTEGER,
    state TEXT NOT NULL,
    size BIGINT,
    sha256 TEXT,
    CONSTRAINT pk_warc_files PRIMARY KEY (id),
    CONSTRAINT uq_warc_files_name UNIQUE (name),
    CONSTRAINT fk_warc_files_crawl_id FOREIGN KEY(crawl_id) REFERENCES crawls (id)
);

CREATE INDEX ix_warc_files_crawl_id ON warc_files (crawl_id);

CREATE TABLE daily_captures (
    site_id INTEGER NOT NULL,
    day TEXT NOT NULL,
    outcome TEXT NOT NULL,
    captures INTEGER NOT NULL,
    CONSTRAINT pk_daily_captures PRIMARY KEY (site_id, day, outcome),
    CONSTRAINT fk_daily_captures_site_id FOREIGN KEY(site_id) REFERENCES sites (id)
) WITHOUT ROWID;

CREATE TABLE site_boxes (
    site_id INTEGER NOT NULL,
    box TEXT NOT NULL,
    holds TEXT NOT NULL,
    articles INTEGER NOT NULL,
    others INTEGER NOT NULL,
    CONSTRAINT pk_site_boxes PRIMARY KEY (site_id, box),
    CONSTRAINT fk_site_boxes_site_id FOREIGN KEY(site_id) REFERENCES sites (id)
) WITHOUT ROWID;

CREATE TABLE boilerplate (
    site_id INTEGER NOT NULL,
    paragraph_id INTEGER NOT NULL,
    articles_seen INTEGER NOT NULL,
    first_seen_at DATETIME NOT NULL,
    last_seen_at DATETIME NOT NULL,
    is_boilerplate BOOLEAN NOT NULL,
    CONSTRAINT pk_boilerplate PRIMARY KEY (site_id, paragraph_id),
    CONSTRAINT fk_boilerplate_site_id FOREIGN KEY(site_id) REFERENCES sites (id),
    CONSTRAINT fk_boilerplate_paragraph_id FOREIGN KEY(paragraph_id) REFERENCES paragraphs (id)
) WITHOUT ROWID;

CREATE INDEX ix_boilerplate_paragraph_id ON boilerplate (paragraph_id);

CREATE INDEX ix_boilerplate_learnt ON boilerplate (site_id) WHERE is_boilerplate = 1;

CREATE TABLE articles (
    id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    url_id INTEGER NOT NULL,
    first_seen_at DATETIME NOT NULL,
    last_seen_at DATETIME NOT NULL,
    dated_at DATETIME NOT NULL,
    state TEXT NOT NULL,
    CONSTRAINT pk_articles PRIMARY KEY (id),
    CONSTRAINT uq_articles_url_id_site_id UNIQUE (url_id, site_id),
    CONSTRAINT fk_articles_site_id FOREIGN KEY(site_id) REFERENCES sites (id),
    CONSTRAINT fk_articles_url_id FOREIGN KEY(url_id) REFERENCES urls (id)
);

CREATE INDEX ix_articles_dated ON articles (dated_at);

CREATE INDEX ix_articles_site_dated ON articles (site_id, dated_at);

CREATE TABLE links (
    group_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    url_id INTEGER NOT NULL,
    anchor TEXT NOT NULL,
    box_size TEXT,
    CONSTRAINT pk_links PRIMARY KEY (group_id, position),
    CONSTRAINT fk_links_group_id FOREIGN KEY(group_id) REFERENCES link_groups (id),
    CONSTRAINT fk_links_url_id FOREIGN KEY(url_id) REFERENCES urls (id)
) WITHOUT ROWID;

CREATE INDEX ix_links_url_id ON links (url_id);

CREATE TABLE sources (
    url_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    title TEXT,
    entries INTEGER NOT NULL,
    first_seen_at DATETIME NOT NULL,
    last_seen_at DATETIME NOT NULL,
    last_changed_at DATETIME NOT NULL,
    CONSTRAINT pk_sources PRIMARY KEY (url_id),
    CONSTRAINT fk_sources_url_id FOREIGN KEY(url_id) REFERENCES urls (id),
    CONSTRAINT fk_sources_site_id FOREIGN KEY(site_id) REFERENCES sites (id)
);

CREATE INDEX ix_sources_site_id ON sources (site_id);

CREATE TABLE source_rates (
    url_id INTEGER NOT NULL,
    first_read_at DATETIME NOT NULL,
    last_read_at DATETIME NOT NULL,
    last_new_at DATETIME NOT NULL,
    items_per_day DOUBLE NOT NULL,
    discovery_share DOUBLE NOT NULL,
    new_items DOUBLE NOT NULL,
    first_named_items DOUBLE NOT NULL,
    bursts DOUBLE NOT NULL,
    longest_gap DOUBLE NOT NULL,
    capacity INTEGER NOT NULL,
    interval_factor DOUBLE NOT NULL,
    newest_item_at DATETIME,
    lost_at DATETIME,
    silent_since DATETIME,
    hours JSON NOT NULL,
    item_count INTEGER NOT NULL,
    item_ids BLOB,
    CONSTRAINT pk_source_rates PRIMARY KEY (url_id),
    CONSTRAINT fk_source_rates_url_id FOREIGN KEY(url_id) REFERENCES urls (id)
);

CREATE TABLE captures (
    id INTEGER NOT NULL,
    url_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    requesting_site TEXT NOT NULL,
    crawl_id INTEGER,
    warc_file_id INTEGER NOT NULL,
    warc_offset BIGINT NOT NULL,
    warc_length BIGINT NOT NULL,
    record_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    fetched_at DATETIME NOT NULL,
    warc_date TEXT NOT NULL,
    status INTEGER,
    mime TEXT,
    payload_digest TEXT,
    payload_size BIGINT NOT NULL,
    truncated TEXT,
    profile TEXT,
    refers_to_record TEXT,
    refers_to_url_id INTEGER,
    refers_to_date TEXT,
    refers_to_id INTEGER,
    redirect_url_id INTEGER,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    title TEXT,
    entries INTEGER NOT NULL,
    content_digest TEXT,
    is_read BOOLEAN NOT NULL,
    extractor TEXT,
    etag TEXT,
    last_modified TEXT,
    noarchive BOOLEAN NOT NULL,
    article_id INTEGER,
    version_id INTEGER,
    page_version_id INTEGER,
    CONSTRAINT pk_captures PRIMARY KEY (id),
    CONSTRAINT fk_captures_version_id FOREIGN KEY(version_id) REFERENCES versions (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_captures_page_version_id FOREIGN KEY(page_version_id) REFERENCES versions (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_captures_url_id FOREIGN KEY(url_id) REFERENCES urls (id),
    CONSTRAINT fk_captures_site_id FOREIGN KEY(site_id) REFERENCES sites (id),
    CONSTRAINT fk_captures_crawl_id FOREIGN KEY(crawl_id) REFERENCES crawls (id),
    CONSTRAINT fk_captures_warc_file_id FOREIGN KEY(warc_file_id) REFERENCES warc_files (id),
    CONSTRAINT uq_captures_record_id UNIQUE (record_id),
    CONSTRAINT fk_captures_refers_to_url_id FOREIGN KEY(refers_to_url_id) REFERENCES urls (id),
    CONSTRAINT fk_captures_refers_to_id FOREIGN KEY(refers_to_id) REFERENCES captures (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_captures_redirect_url_id FOREIGN KEY(redirect_url_id) REFERENCES urls (id),
    CONSTRAINT fk_captures_article_id FOREIGN KEY(article_id) REFERENCES articles (id)
);

CREATE INDEX ix_captures_article ON captures (article_id) WHERE article_id IS NOT NULL;

CREATE INDEX ix_captures_asking ON captures (site_id, article_id) WHERE noarchive = 1;

CREATE INDEX ix_captures_refers_record ON captures (refers_to_record) WHERE refers_to_record IS NOT NULL;

CREATE INDEX ix_captures_original ON captures (refers_to_id) WHERE refers_to_id IS NOT NULL;

CREATE INDEX ix_captures_payload ON captures (payload_digest) WHERE kind = 'response' AND truncated IS NULL AND payload_size > 0 AND payload_digest IS NOT NULL;

CREATE INDEX ix_captures_url ON captures (url_id, fetched_at);

CREATE INDEX ix_captures_listing ON captures (url_id, fetched_at, record_id) WHERE outcome = 'listing';

CREATE INDEX ix_captures_redirect ON captures (redirect_url_id) WHERE redirect_url_id IS NOT NULL;

CREATE INDEX ix_captures_site ON captures (site_id, fetched_at);

CREATE INDEX ix_captures_pending ON captures (id) WHERE kind = 'revisit' AND refers_to_id IS NULL;

CREATE INDEX ix_captures_warc ON captures (warc_file_id, warc_offset);

CREATE INDEX ix_captures_crawl ON captures (crawl_id, fetched_at, outcome, status) WHERE crawl_id IS NOT NULL;

CREATE INDEX ix_captures_version ON captures (version_id) WHERE version_id IS NOT NULL;

CREATE INDEX ix_captures_refers_url ON captures (refers_to_url_id) WHERE refers_to_url_id IS NOT NULL;

CREATE INDEX ix_captures_page_version ON captures (page_version_id) WHERE page_version_id IS NOT NULL;

CREATE TABLE capture_groups (
    capture_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    group_id INTEGER NOT NULL,
    CONSTRAINT pk_capture_groups PRIMARY KEY (capture_id, position),
    CONSTRAINT fk_capture_groups_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id),
    CONSTRAINT fk_capture_groups_group_id FOREIGN KEY(group_id) REFERENCES link_groups (id)
) WITHOUT ROWID;

CREATE INDEX ix_capture_groups_group_id ON capture_groups (group_id);

CREATE TABLE versions (
    id INTEGER NOT NULL,
    article_id INTEGER,
    site_id INTEGER NOT NULL,
    page_url_id INTEGER NOT NULL,
    duplicate_of_id INTEGER,
    capture_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    is_variant BOOLEAN NOT NULL,
    is_current BOOLEAN NOT NULL,
    digest BLOB NOT NULL,
    changed TEXT NOT NULL,
    is_corrected BOOLEAN NOT NULL,
    parts TEXT,
    masked_digest BLOB NOT NULL,
    evidence INTEGER NOT NULL,
    headline TEXT NOT NULL,
    dek TEXT,
    kicker TEXT,
    organisations TEXT,
    author_links TEXT,
    language TEXT,
    published TEXT,
    published_at DATETIME,
    published_source TEXT,
    modified TEXT,
    modified_at DATETIME,
    modified_source TEXT,
    section TEXT,
    access TEXT,
    is_live_blog BOOLEAN NOT NULL,
    noarchive BOOLEAN NOT NULL,
    image_url_id INTEGER,
    image_caption TEXT,
    paragraph_count INTEGER NOT NULL,
    extractor TEXT,
    is_dek_learnt BOOLEAN NOT NULL,
    beside TEXT,
    is_counted BOOLEAN NOT NULL,
    is_compared BOOLEAN NOT NULL,
    CONSTRAINT pk_versions PRIMARY KEY (id),
    CONSTRAINT uq_versions_digest_site_id_page_url_id UNIQUE (digest, site_id, page_url_id),
    CONSTRAINT fk_versions_article_id FOREIGN KEY(article_id) REFERENCES articles (id),
    CONSTRAINT fk_versions_site_id FOREIGN KEY(site_id) REFERENCES sites (id),
    CONSTRAINT fk_versions_page_url_id FOREIGN KEY(page_url_id) REFERENCES urls (id),
    CONSTRAINT fk_versions_duplicate_of_id FOREIGN KEY(duplicate_of_id) REFERENCES versions (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_versions_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id),
    CONSTRAINT fk_versions_image_url_id FOREIGN KEY(image_url_id) REFERENCES urls (id)
);

CREATE INDEX ix_versions_capture_id ON versions (capture_id);

CREATE INDEX ix_versions_changed ON versions (id) WHERE changed <> '';

CREATE INDEX ix_versions_corrected ON versions (id) WHERE is_corrected = 1;

CREATE INDEX ix_versions_current ON versions (article_id, is_current, is_variant);

CREATE INDEX ix_versions_image ON versions (image_url_id) WHERE image_url_id IS NOT NULL;

CREATE INDEX ix_versions_language ON versions (language);

CREATE INDEX ix_versions_section ON versions (section);

CREATE INDEX ix_versions_uncompared ON versions (id) WHERE is_compared = 0;

CREATE INDEX ix_versions_uncounted ON versions (id) WHERE is_counted = 0;

CREATE INDEX ix_versions_variant ON versions (article_id) WHERE is_variant = 1;

CREATE INDEX ix_versions_duplicate ON versions (duplicate_of_id) WHERE duplicate_of_id IS NOT NULL;

CREATE INDEX ix_versions_masked ON versions (masked_digest, site_id, page_url_id, evidence);

CREATE INDEX ix_versions_page ON versions (page_url_id);

CREATE INDEX ix_versions_without_parts ON versions (article_id) WHERE parts = '';

CREATE TABLE version_paragraphs (
    version_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    paragraph_id INTEGER NOT NULL,
    role TEXT NOT NULL,
    CONSTRAINT pk_version_paragraphs PRIMARY KEY (version_id, position),
    CONSTRAINT fk_version_paragraphs_version_id FOREIGN KEY(version_id) REFERENCES versions (id),
    CONSTRAINT fk_version_paragraphs_paragraph_id FOREIGN KEY(paragraph_id) REFERENCES paragraphs (id)
) WITHOUT ROWID;

CREATE INDEX ix_version_paragraphs_paragraph_id ON version_paragraphs (paragraph_id);

CREATE TABLE capture_metadata (
    capture_id INTEGER NOT NULL,
    published TEXT,
    modified TEXT,
    tags TEXT,
    image TEXT,
    CONSTRAINT pk_capture_metadata PRIMARY KEY (capture_id),
    CONSTRAINT fk_capture_metadata_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id)
);

CREATE TABLE metadata_changes (
    capture_id INTEGER NOT NULL,
    field TEXT NOT NULL,
    article_id INTEGER NOT NULL,
    before_id INTEGER NOT NULL,
    old TEXT,
    new TEXT,
    CONSTRAINT pk_metadata_changes PRIMARY KEY (capture_id, field),
    CONSTRAINT fk_metadata_changes_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id),
    CONSTRAINT fk_metadata_changes_article_id FOREIGN KEY(article_id) REFERENCES articles (id),
    CONSTRAINT fk_metadata_changes_before_id FOREIGN KEY(before_id) REFERENCES captures (id)
)
 WITHOUT ROWID;

CREATE INDEX ix_metadata_changes_article_id ON metadata_changes (article_id);

CREATE INDEX ix_metadata_changes_before_id ON metadata_changes (before_id);

CREATE TABLE lanes (
    id INTEGER NOT NULL,
    site TEXT NOT NULL,
    host TEXT NOT NULL,
    CONSTRAINT pk_lanes PRIMARY KEY (id),
    CONSTRAINT uq_lanes_site_host UNIQUE (site, host)
);

CREATE TABLE frontier (
    url_id INTEGER NOT NULL,
    lane_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    via_id INTEGER,
    via_kind TEXT,
    title TEXT,
    published TEXT,
    anchor TEXT,
    redirect_count INTEGER NOT NULL,
    callback TEXT,
    due_at DATETIME,
    priority INTEGER NOT NULL,
    ended_by TEXT,
    failure_count INTEGER NOT NULL,
    unchanged_count INTEGER NOT NULL,
    last_fetched_at DATETIME,
    validated_at DATETIME,
    etag TEXT,
    last_modified TEXT,
    CONSTRAINT pk_frontier PRIMARY KEY (url_id),
    CONSTRAINT fk_frontier_url_id FOREIGN KEY(url_id) REFERENCES urls (id),
    CONSTRAINT fk_frontier_lane_id FOREIGN KEY(lane_id) REFERENCES lanes (id),
    CONSTRAINT fk_frontier_via_id FOREIGN KEY(via_id) REFERENCES urls (id)
);

CREATE INDEX ix_frontier_lane ON frontier (lane_id, priority, due_at, url_id) WHERE due_at IS NOT NULL;

CREATE TABLE changes (
    article_id INTEGER NOT NULL,
    capture_id INTEGER NOT NULL,
    before_id INTEGER NOT NULL,
    seen_at DATETIME NOT NULL,
    seen_before_at DATETIME NOT NULL,
    event TEXT NOT NULL,
    number INTEGER,
    before_number INTEGER NOT NULL,
    texts TEXT NOT NULL,
    kinds TEXT,
    notice TEXT,
    added INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    older TEXT,
    newer TEXT,
    CONSTRAINT pk_changes PRIMARY KEY (article_id, capture_id),
    CONSTRAINT fk_changes_article_id FOREIGN KEY(article_id) REFERENCES articles (id),
    CONSTRAINT fk_changes_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id),
    CONSTRAINT fk_changes_before_id FOREIGN KEY(before_id) REFERENCES captures (id)
)
 WITHOUT ROWID;

CREATE INDEX ix_changes_before_id ON changes (before_id);

CREATE INDEX ix_changes_capture_id ON changes (capture_id);

CREATE INDEX ix_changes_seen_at ON changes (seen_at);

CREATE INDEX ix_changes_unclassified ON changes (article_id) WHERE kinds IS NULL;

CREATE INDEX ix_frontier_sources ON frontier (lane_id, url_id) WHERE kind IN ('feed', 'listing', 'sitemap');

CREATE INDEX ix_frontier_via_id ON frontier (via_id) WHERE via_id IS NOT NULL;

CREATE TABLE version_authors (
    version_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    author_id INTEGER NOT NULL,
    CONSTRAINT pk_version_authors PRIMARY KEY (version_id, position),
    CONSTRAINT fk_version_authors_version_id FOREIGN KEY(version_id) REFERENCES versions (id),
    CONSTRAINT fk_version_authors_author_id FOREIGN KEY(author_id) REFERENCES authors (id)
) WITHOUT ROWID;

CREATE INDEX ix_version_authors_author_id ON version_authors (author_id);

CREATE TABLE version_tags (
    version_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    tag_id INTEGER NOT NULL,
    CONSTRAINT pk_version_tags PRIMARY KEY (version_id, position),
    CONSTRAINT fk_version_tags_version_id FOREIGN KEY(version_id) REFERENCES versions (id),
    CONSTRAINT fk_version_tags_tag_id FOREIGN KEY(tag_id) REFERENCES tags (id)
) WITHOUT ROWID;

CREATE INDEX ix_version_tags_tag_id ON version_tags (tag_id);

CREATE TABLE version_media (
    version_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    url_id INTEGER NOT NULL,
    caption TEXT,
    credit TEXT,
    alt TEXT,
    place INTEGER NOT NULL,
    duration INTEGER,
    transcript_url TEXT,
    CONSTRAINT pk_version_media PRIMARY KEY (version_id, position),
    CONSTRAINT fk_version_media_version_id FOREIGN KEY(version_id) REFERENCES versions (id),
    CONSTRAINT fk_version_media_url_id FOREIGN KEY(url_id) REFERENCES urls (id)
) WITHOUT ROWID;

CREATE INDEX ix_version_media_url_id ON version_media (url_id);

CREATE TABLE version_entities (
    version_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    relation TEXT NOT NULL,
    type TEXT,
    name TEXT NOT NULL,
    url TEXT,
    CONSTRAINT pk_version_entities PRIMARY KEY (version_id, position),
    CONSTRAINT fk_version_entities_version_id FOREIGN KEY(version_id) REFERENCES versions (id)
) WITHOUT ROWID;

CREATE TABLE version_live_updates (
    version_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    headline TEXT,
    paragraph_id INTEGER NOT NULL,
    published TEXT,
    modified TEXT,
    url TEXT,
    CONSTRAINT pk_version_live_updates PRIMARY KEY (version_id, position),
    CONSTRAINT fk_version_live_updates_version_id FOREIGN KEY(version_id) REFERENCES versions (id),
    CONSTRAINT fk_version_live_updates_paragraph_id FOREIGN KEY(paragraph_id) REFERENCES paragraphs (id)
) WITHOUT ROWID;

CREATE INDEX ix_version_live_updates_paragraph_id ON version_live_updates (paragraph_id);

CREATE TABLE version_boxes (
    version_id INTEGER NOT NULL,
    boxes BLOB NOT NULL,
    CONSTRAINT pk_version_boxes PRIMARY KEY (version_id),
    CONSTRAINT fk_version_boxes_version_id FOREIGN KEY(version_id) REFERENCES versions (id)
);

CREATE TABLE search_changes (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    transaction_id INTEGER,
    article_id INTEGER,
    site_id INTEGER,
    paragraph_id INTEGER
);

CREATE TRIGGER count_inserted_captures AFTER INSERT ON captures
BEGIN
    INSERT INTO daily_captures (site_id, day, outcome, captures)
    VALUES (NEW.site_id, substr(NEW.fetched_at, 1, 10), NEW.outcome, 1)
    ON CONFLICT (site_id, day, outcome) DO UPDATE SET captures = daily_captures.captures + excluded.captures;
END;

CREATE TRIGGER count_deleted_captures AFTER DELETE ON captures
BEGIN
    UPDATE daily_captures SET captures = captures - 1
    WHERE site_id = OLD.site_id AND day = substr(OLD.fetched_at, 1, 10) AND outcome = OLD.outcome;
    DELETE FROM daily_captures
    WHERE site_id = OLD.site_id AND day = substr(OLD.fetched_at, 1, 10) AND outcome = OLD.outcome AND captures = 0;
END;

CREATE TRIGGER count_updated_captures AFTER UPDATE OF site_id, outcome, fetched_at ON captures
WHEN OLD.site_id <> NEW.site_id OR OLD.outcome <> NEW.outcome OR OLD.fetched_at <> NEW.fetched_at
BEGIN
    UPDATE daily_captures SET captures = captures - 1
    WHERE site_id = OLD.site_id AND day = substr(OLD.fetched_at, 1, 10) AND outcome = OLD.outcome;
    DELETE FROM daily_captures
    WHERE site_id = OLD.site_id AND day = substr(OLD.fetched_at, 1, 10) AND outcome = OLD.outcome AND captures = 0;
    INSERT INTO daily_captures (site_id, day, outcome, captures)
    VALUES (NEW.site_id, substr(NEW.fetched_at, 1, 10), NEW.outcome, 1)
    ON CONFLICT (site_id, day, outcome) DO UPDATE SET captures = daily_captures.captures + excluded.captures;
END;

CREATE TRIGGER log_inserted_versions AFTER INSERT ON versions
WHEN NEW.article_id IS NOT NULL
BEGIN
    INSERT INTO search_changes (article_id) VALUES (NEW.article_id);
END;

CREATE TRIGGER log_deleted_versions AFTER DELETE ON versions
WHEN OLD.article_id IS NOT NULL
BEGIN
    INSERT INTO search_changes (article_id) VALUES (OLD.article_id);
END;

CREATE TRIGGER log_updated_versions AFTER UPDATE OF article_id, capture_id, number, is_variant, is_current, changed, is_corrected, headline, dek, beside, language, section ON versions
BEGIN
    INSERT INTO search_changes (article_id)
    SELECT article_id FROM (SELECT OLD.article_id AS article_id UNION SELECT NEW.article_id) WHERE article_id IS NOT NULL;
END;

CREATE TRIGGER log_deleted_articles AFTER DELETE ON articles
BEGIN
    INSERT INTO search_changes (article_id) VALUES (OLD.id);
END;

CREATE TRIGGER log_updated_articles AFTER UPDATE OF site_id, url_id, first_seen_at, dated_at ON articles
WHEN OLD.site_id <> NEW.site_id OR OLD.url_id <> NEW.url_id OR OLD.first_seen_at <> NEW.first_seen_at OR OLD.dated_at <> NEW.dated_at
BEGIN
    INSERT INTO search_changes (article_id) VALUES (NEW.id);
END;

CREATE TRIGGER log_inserted_metadata_changes AFTER INSERT ON metadata_changes
BEGIN
    INSERT INTO search_changes (article_id) VALUES (NEW.article_id);
END;

CREATE TRIGGER log_deleted_metadata_changes AFTER DELETE ON metadata_changes
BEGIN
    INSERT INTO search_changes (article_id) VALUES (OLD.article_id);
END;

CREATE TRIGGER log_moved_captures AFTER UPDATE OF site_id ON captures
WHEN OLD.site_id <> NEW.site_id AND NEW.article_id IS NOT NULL
BEGIN
    INSERT INTO search_changes (article_id) VALUES (NEW.article_id);
END;
