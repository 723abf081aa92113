CREATE TABLE sites (
    id SERIAL NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    url TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C",
    configured BOOLEAN NOT NULL,
    configured_at TIMESTAMP WITH TIME ZONE,
    needs_relearning BOOLEAN NOT NULL,
    CONSTRAINT pk_sites PRIMARY KEY (id),
    CONSTRAINT uq_sites_name UNIQUE (name)
);

COMMENT ON TABLE sites IS 'News sites: configured ones, and one per host for imported pages of other hosts';

COMMENT ON COLUMN sites.id IS 'Surrogate key; differs after a rebuild';

COMMENT ON COLUMN sites.name IS 'Short name, as in newsarchive.toml; else the host';

COMMENT ON COLUMN sites.url IS 'Front page';

COMMENT ON COLUMN sites.title IS 'The site''s title, from the newest capture of its front page';

COMMENT ON COLUMN sites.configured IS 'False if the site is known from imported pages only';

COMMENT ON COLUMN sites.configured_at IS 'Start of the run whose configuration describes the site; null: newsarchive.toml describes it';

COMMENT ON COLUMN sites.needs_relearning IS 'True if all of its boilerplate must be counted again';

CREATE TABLE host_backoff (
    host TEXT COLLATE "C" NOT NULL,
    ready_at TIMESTAMP WITH TIME ZONE,
    refusal_count INTEGER NOT NULL,
    backoff_level INTEGER NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_host_backoff PRIMARY KEY (host)
);

COMMENT ON TABLE host_backoff IS 'Hosts that asked for slower requests or did not respond; kept for the next run';

COMMENT ON COLUMN host_backoff.host IS 'Host name';

COMMENT ON COLUMN host_backoff.ready_at IS 'No requests are sent to it before this time';

COMMENT ON COLUMN host_backoff.refusal_count IS 'Responses 429 or 503 in a row';

COMMENT ON COLUMN host_backoff.backoff_level IS 'How many times its delay is doubled at present';

COMMENT ON COLUMN host_backoff.reason IS 'Why requests are held back';

COMMENT ON COLUMN host_backoff.updated_at IS 'When this row was written';

CREATE TABLE url_patterns (
    site TEXT COLLATE "C" NOT NULL,
    pattern TEXT COLLATE "C" NOT NULL,
    unproductive_count INTEGER NOT NULL,
    example_url TEXT COLLATE "C" NOT NULL,
    parked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_url_patterns PRIMARY KEY (site, pattern)
);

COMMENT ON TABLE url_patterns IS 'URL patterns whose newest captures brought no new article; unproductive ones are parked';

COMMENT ON COLUMN url_patterns.site IS 'Name of the site';

COMMENT ON COLUMN url_patterns.pattern IS 'Host, path template and query keys';

COMMENT ON COLUMN url_patterns.unproductive_count IS 'First captures in a row that brought no new article';

COMMENT ON COLUMN url_patterns.example_url IS 'The newest of its URLs';

COMMENT ON COLUMN url_patterns.parked_at IS 'Since when its URLs are not fetched; null: they are';

CREATE TABLE crawls (
    id SERIAL NOT NULL,
    run TEXT COLLATE "C" NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    outcome TEXT COLLATE "C",
    counters JSONB NOT NULL,
    CONSTRAINT pk_crawls PRIMARY KEY (id),
    CONSTRAINT uq_crawls_run UNIQUE (run)
);

COMMENT ON TABLE crawls IS 'Runs of the crawler';

COMMENT ON COLUMN crawls.id IS 'Surrogate key; differs after a rebuild';

COMMENT ON COLUMN crawls.run IS 'Name of the run, as in isPartOf of the WARC files';

COMMENT ON COLUMN crawls.started_at IS 'Start; null if only its records are known';

COMMENT ON COLUMN crawls.finished_at IS 'End; null while it runs';

COMMENT ON COLUMN crawls.outcome IS 'finished, stopped, failed or interrupted; null while it runs';

COMMENT ON COLUMN crawls.counters IS 'Counters of the run, by name';

CREATE TABLE paragraphs (
    id SERIAL NOT NULL,
    digest BYTEA NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    CONSTRAINT pk_paragraphs PRIMARY KEY (id),
    CONSTRAINT uq_paragraphs_digest UNIQUE (digest)
);

COMMENT ON TABLE paragraphs IS 'Texts of paragraphs, each once however often it is printed';

COMMENT ON COLUMN paragraphs.id IS 'Surrogate key; differs after a rebuild';

COMMENT ON COLUMN paragraphs.digest IS 'First 16 bytes of the SHA-256 of text';

COMMENT ON COLUMN paragraphs.text IS 'The text';

CREATE TABLE authors (
    id SERIAL NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    folded TEXT COLLATE "C" NOT NULL,
    CONSTRAINT pk_authors PRIMARY KEY (id),
    CONSTRAINT uq_authors_name UNIQUE (name)
);

CREATE INDEX ix_authors_folded ON authors (folded);

COMMENT ON TABLE authors IS 'Names of authors, each once';

COMMENT ON COLUMN authors.id IS 'Surrogate key; differs after a rebuild';

COMMENT ON COLUMN authors.name IS 'Name, as printed';

COMMENT ON COLUMN authors.folded IS 'Name in lower case without accents, for comparison';

CREATE TABLE tags (
    id SERIAL NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    CONSTRAINT pk_tags PRIMARY KEY (id),
    CONSTRAINT uq_tags_name UNIQUE (name)
);

COMMENT ON TABLE tags IS 'Tags and keywords, each once';

COMMENT ON COLUMN tags.id IS 'Surrogate key; differs after a rebuild';

COMMENT ON COLUMN tags.name IS 'Tag, as printed';

CREATE TABLE link_groups (
    id SERIAL NOT NULL,
    digest BYTEA NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    label TEXT COLLATE "C" NOT NULL,
    CONSTRAINT pk_link_groups PRIMARY KEY (id),
    CONSTRAINT uq_link_groups_digest UNIQUE (digest)
);

COMMENT ON TABLE link_groups IS 'Groups of links, each once: the same list on many pages is one row';

COMMENT ON COLUMN link_groups.id IS 'Surrogate key; differs after a rebuild';

COMMENT ON COLUMN link_groups.digest IS 'First 16 bytes of a SHA-256 over kind, label and links';

COMMENT ON COLUMN link_groups.kind IS 'related, latest, inline or listing';

COMMENT ON COLUMN link_groups.label IS 'Visible heading of the group; empty if it has none';

CREATE TABLE site_hosts (
    site_id INTEGER NOT NULL,
    host TEXT COLLATE "C" NOT NULL,
    CONSTRAINT pk_site_hosts PRIMARY KEY (site_id, host),
    CONSTRAINT fk_site_hosts_site_id FOREIGN KEY(site_id) REFERENCES sites (id)
);

COMMENT ON TABLE site_hosts IS 'Hosts whose URLs belong to a site';

COMMENT ON COLUMN site_hosts.site_id IS 'The site';

COMMENT ON COLUMN site_hosts.host IS 'Host in lower case, with ":port" unless it is the scheme''s default';

CREATE TABLE urls (
    id SERIAL NOT NULL,
    site_id INTEGER,
    url TEXT COLLATE "C" NOT NULL,
    key_head TEXT COLLATE "C" NOT NULL,
    key_at INTEGER NOT NULL,
    urlkey TEXT COLLATE "C" NOT NULL GENERATED ALWAYS AS (key_head || lower(substr(url, key_at))) STORED,
    digest BYTEA NOT NULL,
    CONSTRAINT pk_urls PRIMARY KEY (id),
    CONSTRAINT fk_urls_site_id FOREIGN KEY(site_id) REFERENCES sites (id),
    CONSTRAINT uq_urls_digest UNIQUE (digest)
);

CREATE INDEX ix_urls_urlkey ON urls (urlkey);

COMMENT ON TABLE urls IS 'URLs that were fetched, linked to or are to be fetched, each once';

COMMENT ON COLUMN urls.id IS 'Surrogate key; differs after a rebuild';

COMMENT ON COLUMN urls.site_id IS 'The site that its host belongs to; null for other hosts';

COMMENT ON COLUMN urls.url IS 'Absolute URL without fragment, as found';

COMMENT ON COLUMN urls.key_head IS 'Beginning of urlkey: the host in reverse order; all of it where the rest of url has another spelling';

COMMENT ON COLUMN urls.key_at IS 'Place in url from which on urlkey is the same in lower case';

COMMENT ON COLUMN urls.urlkey IS 'SURT form, sorts by host; its first 600 characters';

COMMENT ON COLUMN urls.digest IS 'First 16 bytes of the SHA-256 of url';

CREATE TABLE crawl_sites (
    crawl_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    CONSTRAINT pk_crawl_sites PRIMARY KEY (crawl_id, site_id),
    CONSTRAINT fk_crawl_sites_crawl_id FOREIGN KEY(crawl_id) REFERENCES crawls (id),
    CONSTRAINT fk_crawl_sites_site_id FOREIGN KEY(site_id) REFERENCES sites (id)
);

CREATE INDEX ix_crawl_sites_site_id ON crawl_sites (site_id);

COMMENT ON TABLE crawl_sites IS 'Sites that a run crawled';

COMMENT ON COLUMN crawl_sites.crawl_id IS 'The run';

COMMENT ON COLUMN crawl_sites.site_id IS 'The site';

CREATE TABLE warc_files (
    id SERIAL NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    crawl_id INTEGER,
    state TEXT COLLATE "C" NOT NULL,
    size BIGINT,
    sha256 TEXT COLLATE "C",
    CONSTRAINT pk_warc_files PRIMARY KEY (id),
    CONSTRAINT uq_warc_files_name UNIQUE (name),
    CONSTRAINT fk_warc_files_crawl_id FOREIGN KEY(crawl_id) REFERENCES crawls (id)
);

CREATE INDEX ix_warc_files_crawl_id ON warc_files (crawl_id);

COMMENT ON TABLE warc_files IS 'WARC files, from which all other tables are derived';

COMMENT ON COLUMN warc_files.id IS 'Surrogate key; differs after a rebuild';

COMMENT ON COLUMN warc_files.name IS 'File name, without folder';

COMMENT ON COLUMN warc_files.crawl_id IS 'The run that wrote it; null for imported files';

COMMENT ON COLUMN warc_files.state IS 'open while it is being written, then closed';

COMMENT ON COLUMN warc_files.size IS 'Size in bytes; null while it is open';

COMMENT ON COLUMN warc_files.sha256 IS 'SHA-256 of the file, in hexadecimal; null while it is open';

CREATE TABLE daily_captures (
    site_id INTEGER NOT NULL,
    day TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    captures INTEGER NOT NULL,
    CONSTRAINT pk_daily_captures PRIMARY KEY (site_id, day, outcome),
    CONSTRAINT fk_daily_captures_site_id FOREIGN KEY(site_id) REFERENCES sites (id)
);

COMMENT ON TABLE daily_captures IS 'Number of captures by site, day and outcome, maintained by triggers on captures';

COMMENT ON COLUMN daily_captures.site_id IS 'The site';

COMMENT ON COLUMN daily_captures.day IS 'Day in UTC, such as 2026-03-01';

COMMENT ON COLUMN daily_captures.outcome IS 'Outcome, as in captures';

COMMENT ON COLUMN daily_captures.captures IS 'Number of captures';

CREATE TABLE site_boxes (
    site_id INTEGER NOT NULL,
    box TEXT COLLATE "C" NOT NULL,
    holds TEXT COLLATE "C" NOT NULL,
    articles INTEGER NOT NULL,
    others INTEGER NOT NULL,
    CONSTRAINT pk_site_boxes PRIMARY KEY (site_id, box),
    CONSTRAINT fk_site_boxes_site_id FOREIGN KEY(site_id) REFERENCES sites (id)
);

COMMENT ON TABLE site_boxes IS 'Boxes of a site''s pages that hold the dek, or that stand beside the text: learnt from 200 of its articles';

COMMENT ON COLUMN site_boxes.site_id IS 'The site';

COMMENT ON COLUMN site_boxes.box IS 'Tag, classes, id and naming attributes, as in a CSS selector';

COMMENT ON COLUMN site_boxes.holds IS 'dek or beside';

COMMENT ON COLUMN site_boxes.articles IS 'Number of the articles in which it holds that';

COMMENT ON COLUMN site_boxes.others IS 'Number of the articles in which it holds another part';

CREATE TABLE boilerplate (
    site_id INTEGER NOT NULL,
    paragraph_id INTEGER NOT NULL,
    articles_seen INTEGER NOT NULL,
    first_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    is_boilerplate BOOLEAN NOT NULL,
    CONSTRAINT pk_boilerplate PRIMARY KEY (site_id, paragraph_id),
    CONSTRAINT fk_boilerplate_site_id FOREIGN KEY(site_id) REFERENCES sites (id),
    CONSTRAINT fk_boilerplate_paragraph_id FOREIGN KEY(paragraph_id) REFERENCES paragraphs (id)
);

CREATE INDEX ix_boilerplate_paragraph_id ON boilerplate (paragraph_id);

CREATE INDEX ix_boilerplate_learnt ON boilerplate (site_id) WHERE is_boilerplate;

COMMENT ON TABLE boilerplate IS 'Paragraphs that at least two articles of a site carry; those printed everywhere are boilerplate';

COMMENT ON COLUMN boilerplate.site_id IS 'The site';

COMMENT ON COLUMN boilerplate.paragraph_id IS 'The paragraph';

COMMENT ON COLUMN boilerplate.articles_seen IS 'Number of articles of the site that carry it';

COMMENT ON COLUMN boilerplate.first_seen_at IS 'Date of the oldest of them';

COMMENT ON COLUMN boilerplate.last_seen_at IS 'Date of the newest of them';

COMMENT ON COLUMN boilerplate.is_boilerplate IS 'True: boilerplate, not counted as part of any body';

CREATE TABLE articles (
    id SERIAL NOT NULL,
    site_id INTEGER NOT NULL,
    url_id INTEGER NOT NULL,
    first_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    dated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    CONSTRAINT pk_articles PRIMARY KEY (id),
    CONSTRAINT uq_articles_url_id_site_id UNIQUE (url_id, site_id),
    CONSTRAINT fk_articles_site_id FOREIGN KEY(site_id) REFERENCES sites (id),
    CONSTRAINT fk_articles_url_id FOREIGN KEY(url_id) REFERENCES urls (id)
);

CREATE INDEX ix_articles_dated ON articles (dated_at);

CREATE INDEX ix_articles_site_dated ON articles (site_id, dated_at);

COMMENT ON TABLE articles IS 'Articles: one row per canonical URL of a site, or for several with the same text';

COMMENT ON COLUMN articles.id IS 'Surrogate key; differs after a rebuild';

COMMENT ON COLUMN articles.site_id IS 'The site';

COMMENT ON COLUMN articles.url_id IS 'Canonical URL';

COMMENT ON COLUMN articles.first_seen_at IS 'Time of the first capture that shows it';

COMMENT ON COLUMN articles.last_seen_at IS 'Time of the last capture that shows it';

COMMENT ON COLUMN articles.dated_at IS 'Publication date by its current version, else first_seen_at';

COMMENT ON COLUMN articles.state IS 'live, gone or moved, by the newest capture of its URLs';

CREATE TABLE links (
    group_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    url_id INTEGER NOT NULL,
    anchor TEXT COLLATE "C" NOT NULL,
    box_size TEXT COLLATE "C",
    CONSTRAINT pk_links PRIMARY KEY (group_id, position),
    CONSTRAINT fk_links_group_id FOREIGN KEY(group_id) REFERENCES link_groups (id),
    CONSTRAINT fk_links_url_id FOREIGN KEY(url_id) REFERENCES urls (id)
);

CREATE INDEX ix_links_url_id ON links (url_id);

COMMENT ON TABLE links IS 'Links of link groups, in the order of the page';

COMMENT ON COLUMN links.group_id IS 'The group';

COMMENT ON COLUMN links.position IS 'From 0';

COMMENT ON COLUMN links.url_id IS 'Target of the link';

COMMENT ON COLUMN links.anchor IS 'Link text';

COMMENT ON COLUMN links.box_size IS 'Size that the markup of a listing declares for the box of the link, such as 640x360 (pixels) or 8 columns';

CREATE TABLE sources (
    url_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C",
    entries INTEGER NOT NULL,
    first_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_sources PRIMARY KEY (url_id),
    CONSTRAINT fk_sources_url_id FOREIGN KEY(url_id) REFERENCES urls (id),
    CONSTRAINT fk_sources_site_id FOREIGN KEY(site_id) REFERENCES sites (id)
);

CREATE INDEX ix_sources_site_id ON sources (site_id);

COMMENT ON TABLE sources IS 'Feeds, sitemaps and listings that were read';

COMMENT ON COLUMN sources.url_id IS 'URL of the source';

COMMENT ON COLUMN sources.site_id IS 'The site';

COMMENT ON COLUMN sources.kind IS 'feed, sitemap or listing';

COMMENT ON COLUMN sources.title IS 'Its title, by the newest reading';

COMMENT ON COLUMN sources.entries IS 'Number of items or links in the newest reading';

COMMENT ON COLUMN sources.first_seen_at IS 'Time of the first capture that could be read as a source';

COMMENT ON COLUMN sources.last_seen_at IS 'Time of the newest capture that could be read as a source';

COMMENT ON COLUMN sources.last_changed_at IS 'Time of the capture since which it is unchanged';

CREATE TABLE source_rates (
    url_id INTEGER NOT NULL,
    first_read_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_read_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_new_at TIMESTAMP WITH TIME ZONE NOT NULL,
    items_per_day DOUBLE PRECISION NOT NULL,
    discovery_share DOUBLE PRECISION NOT NULL,
    new_items DOUBLE PRECISION NOT NULL,
    first_named_items DOUBLE PRECISION NOT NULL,
    bursts DOUBLE PRECISION NOT NULL,
    longest_gap DOUBLE PRECISION NOT NULL,
    capacity INTEGER NOT NULL,
    interval_factor DOUBLE PRECISION NOT NULL,
    newest_item_at TIMESTAMP WITH TIME ZONE,
    lost_at TIMESTAMP WITH TIME ZONE,
    silent_since TIMESTAMP WITH TIME ZONE,
    hours JSONB NOT NULL,
    item_count INTEGER NOT NULL,
    item_ids BYTEA,
    CONSTRAINT pk_source_rates PRIMARY KEY (url_id),
    CONSTRAINT fk_source_rates_url_id FOREIGN KEY(url_id) REFERENCES urls (id)
);

COMMENT ON TABLE source_rates IS 'Publication rates of feeds, sitemaps and listings, learnt from each reading; older weeks count less';

COMMENT ON COLUMN source_rates.url_id IS 'The source';

COMMENT ON COLUMN source_rates.first_read_at IS 'Time of the first reading';

COMMENT ON COLUMN source_rates.last_read_at IS 'Time of the newest reading';

COMMENT ON COLUMN source_rates.last_new_at IS 'When it last had an item that the previous reading lacked';

COMMENT ON COLUMN source_rates.items_per_day IS 'New items per day, on average';

COMMENT ON COLUMN source_rates.discovery_share IS 'Share of its new items that it named first, 0 to 1';

COMMENT ON COLUMN source_rates.new_items IS 'Items that appeared since the first reading';

COMMENT ON COLUMN source_rates.first_named_items IS 'Those of them that no other source had named before';

COMMENT ON COLUMN source_rates.bursts IS 'Times at which items appeared, several at once counted once';

COMMENT ON COLUMN source_rates.longest_gap IS 'Longest time without a new item, in seconds';

COMMENT ON COLUMN source_rates.capacity IS 'Number of items that it holds at most';

COMMENT ON COLUMN source_rates.interval_factor IS 'Below 1 after items were lost: its interval is multiplied by this';

COMMENT ON COLUMN source_rates.newest_item_at IS 'Latest date of an item';

COMMENT ON COLUMN source_rates.lost_at IS 'Newest reading that had no item in common with the previous one: items may have been missed';

COMMENT ON COLUMN source_rates.silent_since IS 'Since when it has been silent for longer than its rate explains; null: it is not';

COMMENT ON COLUMN source_rates.hours IS 'watched and items: for each of 168 hours from Monday 0:00 UTC the hours observed and the items seen';

COMMENT ON COLUMN source_rates.item_count IS 'Number of items in the newest reading';

COMMENT ON COLUMN source_rates.item_ids IS 'Ids of these items'' URLs, 8 bytes each, in ascending order; null if there are too many';

CREATE TABLE captures (
    id SERIAL NOT NULL,
    url_id INTEGER NOT NULL,
    site_id INTEGER NOT NULL,
    requesting_site TEXT COLLATE "C" NOT NULL,
    crawl_id INTEGER,
    warc_file_id INTEGER NOT NULL,
    warc_offset BIGINT NOT NULL,
    warc_length BIGINT NOT NULL,
    record_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    fetched_at TIMESTAMP WITH TIME ZONE NOT NULL,
    warc_date TEXT COLLATE "C" NOT NULL,
    status INTEGER,
    mime TEXT COLLATE "C",
    payload_digest TEXT COLLATE "C",
    payload_size BIGINT NOT NULL,
    truncated TEXT COLLATE "C",
    profile TEXT COLLATE "C",
    refers_to_record TEXT COLLATE "C",
    refers_to_url_id INTEGER,
    refers_to_date TEXT COLLATE "C",
    refers_to_id INTEGER,
    redirect_url_id INTEGER,
    outcome TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C",
    entries INTEGER NOT NULL,
    content_digest TEXT COLLATE "C",
    is_read BOOLEAN NOT NULL,
    extractor TEXT COLLATE "C",
    etag TEXT COLLATE "C",
    last_modified TEXT COLLATE "C",
    noarchive BOOLEAN NOT NULL,
    article_id INTEGER,
    version_id INTEGER,
    page_version_id INTEGER,
    CONSTRAINT pk_captures PRIMARY KEY (id),
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

CREATE INDEX ix_captures_asking ON captures (site_id, article_id) WHERE noarchive;

CREATE INDEX ix_captures_refers_record ON captures (refers_to_record) WHERE refers_to_record IS NOT NULL;

CREATE INDEX ix_captures_original ON captures (refers_to_id) WHERE refers_to_id IS NOT NULL;

CREATE INDEX ix_captures_payload ON captures (payload_digest) WHERE kind = 'response' AND truncated IS NULL AND payload_size > 0 AND payload_digest IS NOT NULL;

CREATE INDEX ix_captures_url ON captures (url_id, fetched_at);

CREATE INDEX ix_captures_listing ON captures (url_id, fetched_at, record_id) WHERE outcome = 'listing';

CREATE INDEX ix_captures_redirect ON captures (redirect_url_id) WHERE redirect_url_id IS NOT NULL;

CREATE INDEX ix_captures_site ON captures (site_id, fetched_at);

CREATE INDEX ix_captures_pending ON captures (id) WHERE kind = 'revisit' AND refers_to_id IS NULL;

CREATE INDEX ix_captures_warc ON captures (warc_file_id, warc_offset);

-- Covers what a page about a run lists and counts.
CREATE INDEX ix_captures_crawl ON captures (crawl_id, fetched_at, outcome, status) WHERE crawl_id IS NOT NULL;

CREATE INDEX ix_captures_version ON captures (version_id) WHERE version_id IS NOT NULL;

CREATE INDEX ix_captures_refers_url ON captures (refers_to_url_id) WHERE refers_to_url_id IS NOT NULL;

CREATE INDEX ix_captures_page_version ON captures (page_version_id) WHERE page_version_id IS NOT NULL;

COMMENT ON TABLE captures IS 'Captures: one row per response, revisit or resource record of a WARC file';

COMMENT ON COLUMN captures.id IS 'Surrogate key; differs after a rebuild';

COMMENT ON COLUMN captures.url_id IS 'The URL that was requested';

COMMENT ON COLUMN captures.site_id IS 'The site it belongs to: by its host, else the requesting site';

COMMENT ON COLUMN captures.requesting_site IS 'Name of the site for which it was fetched';

COMMENT ON COLUMN captures.crawl_id IS 'The run; null for imported records';

COMMENT ON COLUMN captures.warc_file_id IS 'The WARC file that holds the record';

COMMENT ON COLUMN captures.warc_offset IS 'Offset of the record in that file';

COMMENT ON COLUMN captures.warc_length IS 'Length of the record in that file, in compressed bytes';

COMMENT ON COLUMN captures.record_id IS 'WARC-Record-ID, without angle brackets';

COMMENT ON COLUMN captures.kind IS 'Type of the record: response, revisit or resource';

COMMENT ON COLUMN captures.fetched_at IS 'When the request was sent';

COMMENT ON COLUMN captures.warc_date IS 'WARC-Date, exactly as in the record';

COMMENT ON COLUMN captures.status IS 'HTTP status; null if the response is not HTTP';

COMMENT ON COLUMN captures.mime IS 'Media type by the response''s Content-Type';

COMMENT ON COLUMN captures.payload_digest IS 'Digest of the payload, content coding kept';

COMMENT ON COLUMN captures.payload_size IS 'Size of the payload in bytes; 0 for a revisit';

COMMENT ON COLUMN captures.truncated IS 'Why the response is truncated; null if it is complete';

COMMENT ON COLUMN captures.profile IS 'Profile of a revisit: identical-payload-digest or server-not-modified';

COMMENT ON COLUMN captures.refers_to_record IS 'Of a revisit: WARC-Refers-To, without angle brackets';

COMMENT ON COLUMN captures.refers_to_url_id IS 'Of a revisit: WARC-Refers-To-Target-URI';

COMMENT ON COLUMN captures.refers_to_date IS 'Of a revisit: WARC-Refers-To-Date';

COMMENT ON COLUMN captures.refers_to_id IS 'Of a revisit: the original capture; null if the archive does not hold it';

COMMENT ON COLUMN captures.redirect_url_id IS 'Target of a redirect';

COMMENT ON COLUMN captures.outcome IS 'What the response turned out to be: article, listing, feed, challenge, gone ...';

COMMENT ON COLUMN captures.reason IS 'Why it was classified so';

COMMENT ON COLUMN captures.title IS 'Title of the page or feed';

COMMENT ON COLUMN captures.entries IS 'Number of items of a feed or sitemap, or of links of a listing';

COMMENT ON COLUMN captures.content_digest IS 'SHA-256 of the payload, content coding undone; null: the same as payload_digest, or none';

COMMENT ON COLUMN captures.is_read IS 'False for a revisit that takes its reading from its original';

COMMENT ON COLUMN captures.extractor IS 'Version of the extractor that read it; null where is_read is false';

COMMENT ON COLUMN captures.etag IS 'ETag header of the response';

COMMENT ON COLUMN captures.last_modified IS 'Last-Modified header of the response';

COMMENT ON COLUMN captures.noarchive IS 'True if this response says noarchive: by its robots meta element or X-Robots-Tag';

COMMENT ON COLUMN captures.article_id IS 'The article that it shows';

COMMENT ON COLUMN captures.version_id IS 'The version of that article that it shows';

COMMENT ON COLUMN captures.page_version_id IS 'The text of its own page, also where that is a duplicate of another page''s or a soft error';

CREATE TABLE capture_groups (
    capture_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    group_id INTEGER NOT NULL,
    CONSTRAINT pk_capture_groups PRIMARY KEY (capture_id, position),
    CONSTRAINT fk_capture_groups_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id),
    CONSTRAINT fk_capture_groups_group_id FOREIGN KEY(group_id) REFERENCES link_groups (id)
);

CREATE INDEX ix_capture_groups_group_id ON capture_groups (group_id);

COMMENT ON TABLE capture_groups IS 'Link groups of captured listings, and of the first capture of each version';

COMMENT ON COLUMN capture_groups.capture_id IS 'The captured page';

COMMENT ON COLUMN capture_groups.position IS 'From 0, in the order of the page';

COMMENT ON COLUMN capture_groups.group_id IS 'The group';

CREATE TABLE versions (
    id SERIAL NOT NULL,
    article_id INTEGER,
    site_id INTEGER NOT NULL,
    page_url_id INTEGER NOT NULL,
    duplicate_of_id INTEGER,
    capture_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    is_variant BOOLEAN NOT NULL,
    is_current BOOLEAN NOT NULL,
    digest BYTEA NOT NULL,
    changed TEXT COLLATE "C" NOT NULL,
    is_corrected BOOLEAN NOT NULL,
    parts TEXT COLLATE "C",
    masked_digest BYTEA NOT NULL,
    evidence INTEGER NOT NULL,
    headline TEXT COLLATE "C" NOT NULL,
    dek TEXT COLLATE "C",
    kicker TEXT COLLATE "C",
    organisations TEXT COLLATE "C",
    author_links TEXT COLLATE "C",
    language TEXT COLLATE "C",
    published TEXT COLLATE "C",
    published_at TIMESTAMP WITH TIME ZONE,
    published_source TEXT COLLATE "C",
    modified TEXT COLLATE "C",
    modified_at TIMESTAMP WITH TIME ZONE,
    modified_source TEXT COLLATE "C",
    section TEXT COLLATE "C",
    access TEXT COLLATE "C",
    is_live_blog BOOLEAN NOT NULL,
    noarchive BOOLEAN NOT NULL,
    image_url_id INTEGER,
    image_caption TEXT COLLATE "C",
    paragraph_count INTEGER NOT NULL,
    extractor TEXT COLLATE "C",
    is_dek_learnt BOOLEAN NOT NULL,
    beside TEXT COLLATE "C",
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

CREATE INDEX ix_versions_corrected ON versions (id) WHERE is_corrected;

-- Covers lists and counts of articles by their current version. It has all versions: a partial index of the
-- current ones SQLite would rather scan and sort than use the index on the articles' dates.
CREATE INDEX ix_versions_current ON versions (article_id, is_current, is_variant);

CREATE INDEX ix_versions_image ON versions (image_url_id) WHERE image_url_id IS NOT NULL;

CREATE INDEX ix_versions_language ON versions (language);

CREATE INDEX ix_versions_section ON versions (section);

CREATE INDEX ix_versions_uncompared ON versions (id) WHERE NOT is_compared;

CREATE INDEX ix_versions_uncounted ON versions (id) WHERE NOT is_counted;

CREATE INDEX ix_versions_variant ON versions (article_id) WHERE is_variant;

CREATE INDEX ix_versions_duplicate ON versions (duplicate_of_id) WHERE duplicate_of_id IS NOT NULL;

CREATE INDEX ix_versions_masked ON versions (masked_digest, site_id, page_url_id, evidence);

CREATE INDEX ix_versions_page ON versions (page_url_id);

CREATE INDEX ix_versions_without_parts ON versions (article_id) WHERE parts = '';

COMMENT ON TABLE versions IS 'Distinct texts of pages, the versions of articles; all fields are from the first capture that shows the text';

COMMENT ON COLUMN versions.id IS 'Surrogate key; differs after a rebuild';

COMMENT ON COLUMN versions.article_id IS 'The article; null: a duplicate of another page''s text, or a soft error';

COMMENT ON COLUMN versions.site_id IS 'The site of the page';

COMMENT ON COLUMN versions.page_url_id IS 'Canonical URL that the page names';

COMMENT ON COLUMN versions.duplicate_of_id IS 'The version of the article that has the same text, from another page of it';

COMMENT ON COLUMN versions.capture_id IS 'The first capture that shows this text';

COMMENT ON COLUMN versions.number IS 'From 1, in the order of first captures; the same for rows that differ in boilerplate or their reading only';

COMMENT ON COLUMN versions.is_variant IS 'True if another row with its number stands for both';

COMMENT ON COLUMN versions.is_current IS 'True for the version that the newest capture of the article shows';

COMMENT ON COLUMN versions.digest IS 'SHA-256 over headline, dek, byline, section, body paragraphs, captions and corrections, the page''s own address left out';

COMMENT ON COLUMN versions.changed IS 'Kinds of change from the text that was seen before it: headline, dek, body, byline, section, caption, correction; empty for the first text';

COMMENT ON COLUMN versions.is_corrected IS 'True if it has a correction, editor''s note or retraction';

COMMENT ON COLUMN versions.parts IS 'Digests of its parts without boilerplate, by kind of change; null for an article''s only version';

COMMENT ON COLUMN versions.masked_digest IS 'First 16 bytes of a SHA-256 over headline and body without numbers, times and addresses';

COMMENT ON COLUMN versions.evidence IS 'What says that it is an article: 2 its source''s title for it, 1 its metadata, 0 neither';

COMMENT ON COLUMN versions.headline IS 'Headline, as printed';

COMMENT ON COLUMN versions.dek IS 'Subheading below the headline';

COMMENT ON COLUMN versions.kicker IS 'Line above the headline that names its subject or series';

COMMENT ON COLUMN versions.organisations IS 'News agencies, desks and publishers in the byline, one a line';

COMMENT ON COLUMN versions.author_links IS 'URLs of the authors'' pages and profiles, one a line';

COMMENT ON COLUMN versions.language IS 'Primary language subtag (BCP 47), such as en or zh';

COMMENT ON COLUMN versions.published IS 'Publication date as the page or its source states it, ISO 8601; without a time or an offset if none is';

COMMENT ON COLUMN versions.published_at IS 'The same in UTC, to sort and filter by';

COMMENT ON COLUMN versions.published_source IS 'Where that date is from: json-ld, meta, feed ...';

COMMENT ON COLUMN versions.modified IS 'Modification date as the page states it, in the same form';

COMMENT ON COLUMN versions.modified_at IS 'The same in UTC';

COMMENT ON COLUMN versions.modified_source IS 'Where that date is from';

COMMENT ON COLUMN versions.section IS 'Section of the site';

COMMENT ON COLUMN versions.access IS 'free or paywalled; null if the page does not say';

COMMENT ON COLUMN versions.is_live_blog IS 'True for a live blog';

COMMENT ON COLUMN versions.noarchive IS 'True if the page or its X-Robots-Tag says noarchive';

COMMENT ON COLUMN versions.image_url_id IS 'Lead image';

COMMENT ON COLUMN versions.image_caption IS 'Caption of the lead image';

COMMENT ON COLUMN versions.paragraph_count IS 'Number of paragraphs of all roles';

COMMENT ON COLUMN versions.extractor IS 'Version of the extractor that read its first capture';

COMMENT ON COLUMN versions.is_dek_learnt IS 'True if dek is from where the site''s other pages have theirs';

COMMENT ON COLUMN versions.beside IS 'Positions, each between blanks, of paragraphs in boxes that are beside the text on the site''s other pages: they count as boilerplate';

COMMENT ON COLUMN versions.is_counted IS 'False until its paragraphs are counted for boilerplate';

COMMENT ON COLUMN versions.is_compared IS 'False until it is compared with the texts of other pages';

CREATE TABLE version_paragraphs (
    version_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    paragraph_id INTEGER NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    CONSTRAINT pk_version_paragraphs PRIMARY KEY (version_id, position),
    CONSTRAINT fk_version_paragraphs_version_id FOREIGN KEY(version_id) REFERENCES versions (id),
    CONSTRAINT fk_version_paragraphs_paragraph_id FOREIGN KEY(paragraph_id) REFERENCES paragraphs (id)
);

CREATE INDEX ix_version_paragraphs_paragraph_id ON version_paragraphs (paragraph_id);

COMMENT ON TABLE version_paragraphs IS 'Paragraphs of versions, in reading order';

COMMENT ON COLUMN version_paragraphs.version_id IS 'The version';

COMMENT ON COLUMN version_paragraphs.position IS 'From 0';

COMMENT ON COLUMN version_paragraphs.paragraph_id IS 'The text';

COMMENT ON COLUMN version_paragraphs.role IS 'Role in that version: text, heading, quote, caption, disclaimer ...';

CREATE TABLE version_authors (
    version_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    author_id INTEGER NOT NULL,
    CONSTRAINT pk_version_authors PRIMARY KEY (version_id, position),
    CONSTRAINT fk_version_authors_version_id FOREIGN KEY(version_id) REFERENCES versions (id),
    CONSTRAINT fk_version_authors_author_id FOREIGN KEY(author_id) REFERENCES authors (id)
);

CREATE INDEX ix_version_authors_author_id ON version_authors (author_id);

COMMENT ON TABLE version_authors IS 'Authors of versions, in the order of the byline';

COMMENT ON COLUMN version_authors.version_id IS 'The version';

COMMENT ON COLUMN version_authors.position IS 'From 0';

COMMENT ON COLUMN version_authors.author_id IS 'The author';

CREATE TABLE version_tags (
    version_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    tag_id INTEGER NOT NULL,
    CONSTRAINT pk_version_tags PRIMARY KEY (version_id, position),
    CONSTRAINT fk_version_tags_version_id FOREIGN KEY(version_id) REFERENCES versions (id),
    CONSTRAINT fk_version_tags_tag_id FOREIGN KEY(tag_id) REFERENCES tags (id)
);

CREATE INDEX ix_version_tags_tag_id ON version_tags (tag_id);

COMMENT ON TABLE version_tags IS 'Tags of versions, in the order of the page';

COMMENT ON COLUMN version_tags.version_id IS 'The version';

COMMENT ON COLUMN version_tags.position IS 'From 0';

COMMENT ON COLUMN version_tags.tag_id IS 'The tag';

CREATE TABLE capture_metadata (
    capture_id INTEGER NOT NULL,
    published TEXT COLLATE "C",
    modified TEXT COLLATE "C",
    tags TEXT COLLATE "C",
    image TEXT COLLATE "C",
    CONSTRAINT pk_capture_metadata PRIMARY KEY (capture_id),
    CONSTRAINT fk_capture_metadata_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id)
);

COMMENT ON TABLE capture_metadata IS 'Dates, tags and lead image by each capture that was read as an article';

COMMENT ON COLUMN capture_metadata.capture_id IS 'The capture';

COMMENT ON COLUMN capture_metadata.published IS 'Publication date that the page prints, ISO 8601';

COMMENT ON COLUMN capture_metadata.modified IS 'Modification date that the page prints, ISO 8601';

COMMENT ON COLUMN capture_metadata.tags IS 'Tags, joined by semicolons';

COMMENT ON COLUMN capture_metadata.image IS 'URL of the lead image';

CREATE TABLE metadata_changes (
    capture_id INTEGER NOT NULL,
    field TEXT COLLATE "C" NOT NULL,
    article_id INTEGER NOT NULL,
    before_id INTEGER NOT NULL,
    "old" TEXT COLLATE "C",
    "new" TEXT COLLATE "C",
    CONSTRAINT pk_metadata_changes PRIMARY KEY (capture_id, field),
    CONSTRAINT fk_metadata_changes_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id),
    CONSTRAINT fk_metadata_changes_article_id FOREIGN KEY(article_id) REFERENCES articles (id),
    CONSTRAINT fk_metadata_changes_before_id FOREIGN KEY(before_id) REFERENCES captures (id)
);

CREATE INDEX ix_metadata_changes_article_id ON metadata_changes (article_id);

CREATE INDEX ix_metadata_changes_before_id ON metadata_changes (before_id);

COMMENT ON TABLE metadata_changes IS 'Changes of a date, of tags or of the image address between two captures of one URL of an article';

COMMENT ON COLUMN metadata_changes.capture_id IS 'The capture that shows the new value';

COMMENT ON COLUMN metadata_changes.field IS 'published, modified, tags or image';

COMMENT ON COLUMN metadata_changes.article_id IS 'The article';

COMMENT ON COLUMN metadata_changes.before_id IS 'The capture before it, which shows the old value';

COMMENT ON COLUMN metadata_changes."old" IS 'Old value; null: none';

COMMENT ON COLUMN metadata_changes."new" IS 'New value; null: none';

CREATE TABLE lanes (
    id SERIAL NOT NULL,
    site TEXT COLLATE "C" NOT NULL,
    host TEXT COLLATE "C" NOT NULL,
    CONSTRAINT pk_lanes PRIMARY KEY (id),
    CONSTRAINT uq_lanes_site_host UNIQUE (site, host)
);

COMMENT ON TABLE lanes IS 'Hosts of sites: requests of a site to one host are made one at a time';

COMMENT ON COLUMN lanes.id IS 'Surrogate key; differs after a rebuild';

COMMENT ON COLUMN lanes.site IS 'Name of the site for which URLs are fetched';

COMMENT ON COLUMN lanes.host IS 'Host of these URLs';

CREATE TABLE frontier (
    url_id INTEGER NOT NULL,
    lane_id INTEGER NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    via_id INTEGER,
    via_kind TEXT COLLATE "C",
    title TEXT COLLATE "C",
    published TEXT COLLATE "C",
    anchor TEXT COLLATE "C",
    redirect_count INTEGER NOT NULL,
    callback TEXT COLLATE "C",
    due_at TIMESTAMP WITH TIME ZONE,
    priority INTEGER NOT NULL,
    ended_by TEXT COLLATE "C",
    failure_count INTEGER NOT NULL,
    unchanged_count INTEGER NOT NULL,
    last_fetched_at TIMESTAMP WITH TIME ZONE,
    validated_at TIMESTAMP WITH TIME ZONE,
    etag TEXT COLLATE "C",
    last_modified TEXT COLLATE "C",
    CONSTRAINT pk_frontier PRIMARY KEY (url_id),
    CONSTRAINT fk_frontier_url_id FOREIGN KEY(url_id) REFERENCES urls (id),
    CONSTRAINT fk_frontier_lane_id FOREIGN KEY(lane_id) REFERENCES lanes (id),
    CONSTRAINT fk_frontier_via_id FOREIGN KEY(via_id) REFERENCES urls (id)
);

CREATE INDEX ix_frontier_lane ON frontier (lane_id, priority, due_at, url_id) WHERE due_at IS NOT NULL;

-- Sources are few among all URLs.
CREATE INDEX ix_frontier_sources ON frontier (lane_id, url_id) WHERE kind IN ('feed', 'listing', 'sitemap');

CREATE INDEX ix_frontier_via_id ON frontier (via_id) WHERE via_id IS NOT NULL;

COMMENT ON TABLE frontier IS 'The crawl frontier, the only queue: what to fetch, when, and how each URL was discovered';

COMMENT ON COLUMN frontier.url_id IS 'The URL';

COMMENT ON COLUMN frontier.lane_id IS 'The site for which it is fetched, and its host';

COMMENT ON COLUMN frontier.kind IS 'What it is expected to be: article, listing, feed, sitemap or asset';

COMMENT ON COLUMN frontier.via_id IS 'The feed, sitemap or page on which it was discovered';

COMMENT ON COLUMN frontier.via_kind IS 'Kind of that page: feed, sitemap, listing or article';

CREATE TABLE changes (
    article_id INTEGER NOT NULL,
    capture_id INTEGER NOT NULL,
    before_id INTEGER NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seen_before_at TIMESTAMP WITH TIME ZONE NOT NULL,
    event TEXT COLLATE "C" NOT NULL,
    number INTEGER,
    before_number INTEGER NOT NULL,
    texts TEXT COLLATE "C" NOT NULL,
    kinds TEXT COLLATE "C",
    notice TEXT COLLATE "C",
    added INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    older TEXT COLLATE "C",
    newer TEXT COLLATE "C",
    CONSTRAINT pk_changes PRIMARY KEY (article_id, capture_id),
    CONSTRAINT fk_changes_article_id FOREIGN KEY(article_id) REFERENCES articles (id),
    CONSTRAINT fk_changes_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id),
    CONSTRAINT fk_changes_before_id FOREIGN KEY(before_id) REFERENCES captures (id)
);

CREATE INDEX ix_changes_before_id ON changes (before_id);

CREATE INDEX ix_changes_capture_id ON changes (capture_id);

CREATE INDEX ix_changes_seen_at ON changes (seen_at);

CREATE INDEX ix_changes_unclassified ON changes (article_id) WHERE kinds IS NULL;

COMMENT ON TABLE changes IS 'Changes of articles that were seen: edits, and articles that were gone, moved, or back';

COMMENT ON COLUMN changes.article_id IS 'The article';

COMMENT ON COLUMN changes.capture_id IS 'The first capture that shows the change';

COMMENT ON COLUMN changes.before_id IS 'The last capture that shows what was before';

COMMENT ON COLUMN changes.seen_at IS 'Time of the first capture that shows the change';

COMMENT ON COLUMN changes.seen_before_at IS 'Time of the last capture that shows what was before';

COMMENT ON COLUMN changes.event IS 'edited, gone, moved or back';

COMMENT ON COLUMN changes.number IS 'Number of the version that is shown now; null: none';

COMMENT ON COLUMN changes.before_number IS 'Number of the version that was shown last';

COMMENT ON COLUMN changes.texts IS 'Digest of the two versions, by which an outdated comparison is found';

COMMENT ON COLUMN changes.kinds IS 'Kinds of the edit, the most important first; null: not compared yet';

COMMENT ON COLUMN changes.notice IS 'noted: the page has a new note on it; dated: a later modification date; silent: neither';

COMMENT ON COLUMN changes.added IS 'Number of characters added, without white space';

COMMENT ON COLUMN changes.removed IS 'Number of characters removed, without white space';

COMMENT ON COLUMN changes.older IS 'Excerpt of what was before, at the most telling place';

COMMENT ON COLUMN changes.newer IS 'Excerpt of what is there now';

COMMENT ON COLUMN frontier.title IS 'Title that the feed or sitemap gives for it';

COMMENT ON COLUMN frontier.published IS 'Publication date that the feed or sitemap states, ISO 8601; without a time or an offset if it has none';

COMMENT ON COLUMN frontier.anchor IS 'Text of the link by which it was discovered';

COMMENT ON COLUMN frontier.redirect_count IS 'Redirects and canonical links in a row that led to it';

COMMENT ON COLUMN frontier.callback IS 'Method of the site''s own spider that gets the response; null without one';

COMMENT ON COLUMN frontier.due_at IS 'When to fetch it next; null: never';

COMMENT ON COLUMN frontier.priority IS 'Lower numbers are fetched first';

COMMENT ON COLUMN frontier.ended_by IS 'Why it is not fetched again: plan, gone, alternate, no_article or person; null: it is, or it is refused';

COMMENT ON COLUMN frontier.failure_count IS 'Fetches in a row that failed, or brought no article of a page';

COMMENT ON COLUMN frontier.unchanged_count IS 'Fetches in a row that brought nothing new';

COMMENT ON COLUMN frontier.last_fetched_at IS 'Time of its newest capture; null: none yet';

COMMENT ON COLUMN frontier.validated_at IS 'Time of the capture that etag and last_modified are of';

COMMENT ON COLUMN frontier.etag IS 'ETag of the newest 200 response, for If-None-Match';

COMMENT ON COLUMN frontier.last_modified IS 'Last-Modified of the newest 200 response, for If-Modified-Since';

CREATE TABLE version_media (
    version_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    url_id INTEGER NOT NULL,
    caption TEXT COLLATE "C",
    credit TEXT COLLATE "C",
    alt TEXT COLLATE "C",
    place INTEGER NOT NULL,
    duration INTEGER,
    transcript_url TEXT COLLATE "C",
    CONSTRAINT pk_version_media PRIMARY KEY (version_id, position),
    CONSTRAINT fk_version_media_version_id FOREIGN KEY(version_id) REFERENCES versions (id),
    CONSTRAINT fk_version_media_url_id FOREIGN KEY(url_id) REFERENCES urls (id)
);

CREATE INDEX ix_version_media_url_id ON version_media (url_id);

COMMENT ON TABLE version_media IS 'Pictures, videos, audios and embedded objects of versions, in the order of the page';

COMMENT ON COLUMN version_media.version_id IS 'The version';

COMMENT ON COLUMN version_media.position IS 'From 0';

COMMENT ON COLUMN version_media.kind IS 'image, video, audio, podcast or embed';

COMMENT ON COLUMN version_media.url_id IS 'The file, or the player where the page names no file';

COMMENT ON COLUMN version_media.caption IS 'Caption, as printed; of a video or audio without one, its title';

COMMENT ON COLUMN version_media.credit IS 'Photographer, agency or rights holder';

COMMENT ON COLUMN version_media.alt IS 'Text alternative of a picture, title of a frame';

COMMENT ON COLUMN version_media.place IS 'Number of the version''s paragraphs above it, boilerplate counted';

COMMENT ON COLUMN version_media.duration IS 'Seconds; null if the page does not say';

COMMENT ON COLUMN version_media.transcript_url IS 'URL of a transcript, subtitles or captions';

CREATE TABLE version_entities (
    version_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    relation TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C",
    name TEXT COLLATE "C" NOT NULL,
    url TEXT COLLATE "C",
    CONSTRAINT pk_version_entities PRIMARY KEY (version_id, position),
    CONSTRAINT fk_version_entities_version_id FOREIGN KEY(version_id) REFERENCES versions (id)
);

COMMENT ON TABLE version_entities IS 'Subjects, mentions and sources of versions, as their JSON-LD names them';

COMMENT ON COLUMN version_entities.version_id IS 'The version';

COMMENT ON COLUMN version_entities.position IS 'From 0';

COMMENT ON COLUMN version_entities.relation IS 'Property of schema.org: about, mentions, isBasedOn or sourceOrganization';

COMMENT ON COLUMN version_entities.type IS 'Type of schema.org, such as Person or Place';

COMMENT ON COLUMN version_entities.name IS 'Its name, else its URL';

COMMENT ON COLUMN version_entities.url IS 'Its sameAs, url or @id';

CREATE TABLE version_live_updates (
    version_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    headline TEXT COLLATE "C",
    paragraph_id INTEGER NOT NULL,
    published TEXT COLLATE "C",
    modified TEXT COLLATE "C",
    url TEXT COLLATE "C",
    CONSTRAINT pk_version_live_updates PRIMARY KEY (version_id, position),
    CONSTRAINT fk_version_live_updates_version_id FOREIGN KEY(version_id) REFERENCES versions (id),
    CONSTRAINT fk_version_live_updates_paragraph_id FOREIGN KEY(paragraph_id) REFERENCES paragraphs (id)
);

CREATE INDEX ix_version_live_updates_paragraph_id ON version_live_updates (paragraph_id);

COMMENT ON TABLE version_live_updates IS 'Entries of live blogs, by the JSON-LD of versions, in the order of the page';

COMMENT ON COLUMN version_live_updates.version_id IS 'The version';

COMMENT ON COLUMN version_live_updates.position IS 'From 0';

COMMENT ON COLUMN version_live_updates.headline IS 'Headline of the entry';

COMMENT ON COLUMN version_live_updates.paragraph_id IS 'Its text';

COMMENT ON COLUMN version_live_updates.published IS 'Its publication date as the page states it, ISO 8601';

COMMENT ON COLUMN version_live_updates.modified IS 'Its modification date in the same form';

COMMENT ON COLUMN version_live_updates.url IS 'Its own URL';

CREATE TABLE version_boxes (
    version_id INTEGER NOT NULL,
    boxes BYTEA NOT NULL,
    CONSTRAINT pk_version_boxes PRIMARY KEY (version_id),
    CONSTRAINT fk_version_boxes_version_id FOREIGN KEY(version_id) REFERENCES versions (id)
);

COMMENT ON TABLE version_boxes IS 'Named boxes of the pages of versions, from which site_boxes is learnt';

COMMENT ON COLUMN version_boxes.version_id IS 'The version';

COMMENT ON COLUMN version_boxes.boxes IS 'JSON, compressed by zlib: names of the boxes by what they hold of the article';

CREATE TABLE search_changes (
    id BIGSERIAL NOT NULL,
    transaction_id BIGINT DEFAULT (pg_current_xact_id()::text::bigint),
    article_id INTEGER,
    site_id INTEGER,
    paragraph_id INTEGER,
    CONSTRAINT pk_search_changes PRIMARY KEY (id)
);

CREATE INDEX ix_search_changes_transaction ON search_changes (transaction_id);

COMMENT ON TABLE search_changes IS 'Changes that the search folder has to follow; written by triggers in the transaction that makes them';

COMMENT ON COLUMN search_changes.id IS 'In SQLite in the order of commits';

COMMENT ON COLUMN search_changes.transaction_id IS 'PostgreSQL: the transaction, by which a reader finds what was committed since; SQLite: null';

COMMENT ON COLUMN search_changes.article_id IS 'An article that changed, or that is gone';

COMMENT ON COLUMN search_changes.site_id IS 'The site of paragraph_id';

COMMENT ON COLUMN search_changes.paragraph_id IS 'A paragraph that became boilerplate of a site or ceased to be: articles that carry it change';

ALTER TABLE captures ADD CONSTRAINT fk_captures_page_version_id FOREIGN KEY(page_version_id) REFERENCES versions (id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE captures ADD CONSTRAINT fk_captures_version_id FOREIGN KEY(version_id) REFERENCES versions (id) DEFERRABLE INITIALLY DEFERRED;

-- Rows are counted once per statement, in key order, so that two writers who count the same days cannot deadlock.
CREATE FUNCTION count_inserted_captures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO daily_captures (site_id, day, outcome, captures)
    SELECT site_id, to_char(fetched_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, outcome, count(*) AS captures
    FROM inserted GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (site_id, day, outcome) DO UPDATE SET captures = daily_captures.captures + excluded.captures;
    RETURN NULL;
END
$$;

CREATE TRIGGER count_inserted_captures AFTER INSERT ON captures REFERENCING NEW TABLE AS inserted
FOR EACH STATEMENT EXECUTE FUNCTION count_inserted_captures();

CREATE FUNCTION count_deleted_captures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE daily_captures SET captures = daily_captures.captures - counted.captures
    FROM (SELECT site_id, to_char(fetched_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, outcome, count(*) AS captures
    FROM deleted GROUP BY 1, 2, 3) AS counted
    WHERE daily_captures.site_id = counted.site_id AND daily_captures.day = counted.day
    AND daily_captures.outcome = counted.outcome;
    DELETE FROM daily_captures USING (SELECT DISTINCT site_id FROM deleted) AS changed
    WHERE daily_captures.site_id = changed.site_id AND daily_captures.captures = 0;
    RETURN NULL;
END
$$;

CREATE TRIGGER count_deleted_captures AFTER DELETE ON captures REFERENCING OLD TABLE AS deleted
FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_captures();

CREATE FUNCTION count_updated_captures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- An UPDATE that changes nothing counted gives differences of zero, which are dropped before anything is locked.
    INSERT INTO daily_captures (site_id, day, outcome, captures)
    SELECT site_id, day, outcome, sum(captures) FROM (
        SELECT site_id, to_char(fetched_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, outcome, count(*) AS captures
        FROM inserted GROUP BY 1, 2, 3
        UNION ALL
        SELECT site_id, to_char(fetched_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, outcome, -count(*) AS captures
        FROM deleted GROUP BY 1, 2, 3
    ) AS changed
    GROUP BY 1, 2, 3 HAVING sum(captures) <> 0 ORDER BY 1, 2, 3
    ON CONFLICT (site_id, day, outcome) DO UPDATE SET captures = daily_captures.captures + excluded.captures;
    DELETE FROM daily_captures USING (SELECT DISTINCT site_id FROM deleted) AS changed
    WHERE daily_captures.site_id = changed.site_id AND daily_captures.captures = 0;
    RETURN NULL;
END
$$;

CREATE TRIGGER count_updated_captures AFTER UPDATE ON captures REFERENCING NEW TABLE AS inserted OLD TABLE AS deleted
FOR EACH STATEMENT EXECUTE FUNCTION count_updated_captures();

CREATE FUNCTION log_inserted_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (article_id)
    SELECT article_id FROM (
        SELECT DISTINCT article_id FROM inserted
    ) AS changed
    WHERE article_id IS NOT NULL;
    RETURN NULL;
END;
$$;

CREATE TRIGGER log_inserted_versions AFTER INSERT ON versions REFERENCING NEW TABLE AS inserted
FOR EACH STATEMENT EXECUTE FUNCTION log_inserted_versions();

CREATE FUNCTION log_deleted_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (article_id)
    SELECT article_id FROM (
        SELECT DISTINCT article_id FROM deleted
    ) AS changed
    WHERE article_id IS NOT NULL;
    RETURN NULL;
END;
$$;

CREATE TRIGGER log_deleted_versions AFTER DELETE ON versions REFERENCING OLD TABLE AS deleted
FOR EACH STATEMENT EXECUTE FUNCTION log_deleted_versions();

CREATE FUNCTION log_updated_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (article_id)
    SELECT article_id FROM (
        SELECT unnest(ARRAY[inserted.article_id, deleted.article_id]) AS article_id
        FROM inserted JOIN deleted ON deleted.id = inserted.id
        WHERE (inserted.article_id, inserted.capture_id, inserted.number, inserted.is_variant, inserted.is_current, inserted.changed,
            inserted.is_corrected, inserted.headline, inserted.dek, inserted.beside, inserted.language, inserted.section)
        IS DISTINCT FROM (deleted.article_id, deleted.capture_id, deleted.number, deleted.is_variant, deleted.is_current, deleted.changed,
            deleted.is_corrected, deleted.headline, deleted.dek, deleted.beside, deleted.language, deleted.section)
    ) AS changed
    WHERE article_id IS NOT NULL;
    RETURN NULL;
END;
$$;

CREATE TRIGGER log_updated_versions AFTER UPDATE ON versions REFERENCING NEW TABLE AS inserted OLD TABLE AS deleted
FOR EACH STATEMENT EXECUTE FUNCTION log_updated_versions();

CREATE FUNCTION log_deleted_articles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (article_id)
    SELECT article_id FROM (
        SELECT id AS article_id FROM deleted
    ) AS changed
    WHERE article_id IS NOT NULL;
    RETURN NULL;
END;
$$;

CREATE TRIGGER log_deleted_articles AFTER DELETE ON articles REFERENCING OLD TABLE AS deleted
FOR EACH STATEMENT EXECUTE FUNCTION log_deleted_articles();

CREATE FUNCTION log_updated_articles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (article_id)
    SELECT article_id FROM (
        SELECT inserted.id AS article_id FROM inserted JOIN deleted ON deleted.id = inserted.id
        WHERE (inserted.site_id, inserted.url_id, inserted.first_seen_at, inserted.dated_at)
        IS DISTINCT FROM (deleted.site_id, deleted.url_id, deleted.first_seen_at, deleted.dated_at)
    ) AS changed
    WHERE article_id IS NOT NULL;
    RETURN NULL;
END;
$$;

CREATE TRIGGER log_updated_articles AFTER UPDATE ON articles REFERENCING NEW TABLE AS inserted OLD TABLE AS deleted
FOR EACH STATEMENT EXECUTE FUNCTION log_updated_articles();

CREATE FUNCTION log_inserted_metadata_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (article_id)
    SELECT article_id FROM (
        SELECT DISTINCT article_id FROM inserted
    ) AS changed
    WHERE article_id IS NOT NULL;
    RETURN NULL;
END;
$$;

CREATE TRIGGER log_inserted_metadata_changes AFTER INSERT ON metadata_changes REFERENCING NEW TABLE AS inserted
FOR EACH STATEMENT EXECUTE FUNCTION log_inserted_metadata_changes();

CREATE FUNCTION log_deleted_metadata_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (article_id)
    SELECT article_id FROM (
        SELECT DISTINCT article_id FROM deleted
    ) AS changed
    WHERE article_id IS NOT NULL;
    RETURN NULL;
END;
$$;

CREATE TRIGGER log_deleted_metadata_changes AFTER DELETE ON metadata_changes REFERENCING OLD TABLE AS deleted
FOR EACH STATEMENT EXECUTE FUNCTION log_deleted_metadata_changes();

CREATE FUNCTION log_moved_captures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (article_id)
    SELECT article_id FROM (
        SELECT inserted.article_id FROM inserted JOIN deleted ON deleted.id = inserted.id
        WHERE inserted.site_id <> deleted.site_id
    ) AS changed
    WHERE article_id IS NOT NULL;
    RETURN NULL;
END;
$$;

CREATE TRIGGER log_moved_captures AFTER UPDATE ON captures REFERENCING NEW TABLE AS inserted OLD TABLE AS deleted
FOR EACH STATEMENT EXECUTE FUNCTION log_moved_captures();
