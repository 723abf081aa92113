"""The first schema.

Revision: 0001.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from storage.index.schema.tables import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FTS5 = """
CREATE VIRTUAL TABLE search USING fts5(headline, dek, body, names, stems, content='', tokenize='ascii')
"""


def _authors() -> None:
    op.create_table(
        "authors",
        sa.Column("id", sa.Integer(), nullable=False, comment="Surrogate key; another after a rebuild"),
        sa.Column(
            "name", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False, comment="As printed"
        ),
        sa.Column(
            "folded",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="Lower case without accents, for comparing",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authors")),
        sa.UniqueConstraint("name", name=op.f("uq_authors_name")),
        comment="Names of authors, each once, as printed",
    )


def _crawls() -> None:
    op.create_table(
        "crawls",
        sa.Column("id", sa.Integer(), nullable=False, comment="Surrogate key; another after a rebuild"),
        sa.Column(
            "run",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="Its name, as in the WARC files' isPartOf",
        ),
        sa.Column("started_at", UtcDateTime(), nullable=True, comment="Begin; null where only its records are known"),
        sa.Column("finished_at", UtcDateTime(), nullable=True, comment="End; null while it runs"),
        sa.Column(
            "outcome",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="finished, stopped, failed or interrupted; null while it runs",
        ),
        sa.Column(
            "counters",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
            comment="What it counted, by name",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crawls")),
        sa.UniqueConstraint("run", name=op.f("uq_crawls_run")),
        comment="Runs of the crawler",
    )


def _link_groups() -> None:
    op.create_table(
        "link_groups",
        sa.Column("id", sa.Integer(), nullable=False, comment="Surrogate key; another after a rebuild"),
        sa.Column(
            "digest", sa.LargeBinary(), nullable=False, comment="First 16 bytes of a SHA-256 over kind, label and links"
        ),
        sa.Column(
            "kind",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="related, latest, inline or listing",
        ),
        sa.Column(
            "label",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="The group's visible heading; empty where it has none",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_groups")),
        sa.UniqueConstraint("digest", name=op.f("uq_link_groups_digest")),
        comment="Groups of links, each once: the same list on many pages is one row",
    )


def _paragraphs() -> None:
    op.create_table(
        "paragraphs",
        sa.Column("id", sa.Integer(), nullable=False, comment="Surrogate key; another after a rebuild"),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="First 16 bytes of the SHA-256 of text"),
        sa.Column(
            "text", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False, comment="The text"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paragraphs")),
        sa.UniqueConstraint("digest", name=op.f("uq_paragraphs_digest")),
        comment="Texts of paragraphs, each once",
    )


def _sites() -> None:
    op.create_table(
        "sites",
        sa.Column("id", sa.Integer(), nullable=False, comment="Surrogate key; another after a rebuild"),
        sa.Column(
            "name",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="Short name, as in newsarchive.toml; else the host",
        ),
        sa.Column(
            "url", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False, comment="Front page"
        ),
        sa.Column(
            "title",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="What its front page calls itself, by its newest reading",
        ),
        sa.Column("configured", sa.Boolean(), nullable=False, comment="False where only imported pages made it known"),
        sa.Column(
            "configured_at",
            UtcDateTime(),
            nullable=True,
            comment="Begin of the run that describes it; null where the owner's configuration does",
        ),
        sa.Column(
            "relearn",
            sa.Boolean(),
            nullable=False,
            comment="True where its boilerplate is to be counted anew, all of it",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        sa.UniqueConstraint("name", name=op.f("uq_sites_name")),
        comment="News sites: those configured, and one a host for imported pages of others",
    )


def _tags() -> None:
    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), nullable=False, comment="Surrogate key; another after a rebuild"),
        sa.Column(
            "name", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False, comment="As printed"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("name", name=op.f("uq_tags_name")),
        comment="Tags and keywords, each once, as printed",
    )


def _boilerplate() -> None:
    op.create_table(
        "boilerplate",
        sa.Column("site_id", sa.Integer(), nullable=False, comment="The site"),
        sa.Column("paragraph_id", sa.Integer(), nullable=False, comment="The paragraph"),
        sa.Column("articles_seen", sa.Integer(), nullable=False, comment="Articles of the site that carry it"),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False, comment="Date of the oldest of them"),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False, comment="Date of the newest of them"),
        sa.Column("verdict", sa.Boolean(), nullable=False, comment="True: boilerplate, no part of any body"),
        sa.ForeignKeyConstraint(["paragraph_id"], ["paragraphs.id"], name=op.f("fk_boilerplate_paragraph_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_boilerplate_site_id")),
        sa.PrimaryKeyConstraint("site_id", "paragraph_id", name=op.f("pk_boilerplate")),
        comment="Paragraphs that at least two articles of a site carry",
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_boilerplate_learnt",
        "boilerplate",
        ["site_id"],
        unique=False,
        sqlite_where=sa.text("verdict = 1"),
        postgresql_where=sa.text("verdict"),
    )
    op.create_index(op.f("ix_boilerplate_paragraph_id"), "boilerplate", ["paragraph_id"], unique=False)


def _crawl_sites() -> None:
    op.create_table(
        "crawl_sites",
        sa.Column("crawl_id", sa.Integer(), nullable=False, comment="The run"),
        sa.Column("site_id", sa.Integer(), nullable=False, comment="The site"),
        sa.ForeignKeyConstraint(["crawl_id"], ["crawls.id"], name=op.f("fk_crawl_sites_crawl_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_crawl_sites_site_id")),
        sa.PrimaryKeyConstraint("crawl_id", "site_id", name=op.f("pk_crawl_sites")),
        comment="Sites that a run was for",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_crawl_sites_site_id"), "crawl_sites", ["site_id"], unique=False)


def _site_hosts() -> None:
    op.create_table(
        "site_hosts",
        sa.Column("site_id", sa.Integer(), nullable=False, comment="The site"),
        sa.Column(
            "host",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment='Host, lower case, with ":port" where it is not the scheme\'s own',
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_site_hosts_site_id")),
        sa.PrimaryKeyConstraint("site_id", "host", name=op.f("pk_site_hosts")),
        comment="Hosts whose URLs belong to a site",
        sqlite_with_rowid=False,
    )


def _urls() -> None:
    op.create_table(
        "urls",
        sa.Column("id", sa.Integer(), nullable=False, comment="Surrogate key; another after a rebuild"),
        sa.Column("site_id", sa.Integer(), nullable=True, comment="The site whose host it has; null for other hosts"),
        sa.Column(
            "url",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="Absolute, no fragment, as it stood",
        ),
        sa.Column(
            "urlkey",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="SURT form for sorting by host; its first 600 characters",
        ),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="First 16 bytes of the SHA-256 of url"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_urls_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_urls")),
        sa.UniqueConstraint("digest", name=op.f("uq_urls_digest")),
        comment="Every URL that was fetched, linked to or is to be fetched, once",
    )
    op.create_index(op.f("ix_urls_urlkey"), "urls", ["urlkey"], unique=False)


def _warc_files() -> None:
    op.create_table(
        "warc_files",
        sa.Column("id", sa.Integer(), nullable=False, comment="Surrogate key; another after a rebuild"),
        sa.Column(
            "name",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="File name, without folder",
        ),
        sa.Column("crawl_id", sa.Integer(), nullable=True, comment="The run that wrote it; null for imported files"),
        sa.Column(
            "state",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="open while it grows, then closed",
        ),
        sa.Column("size", sa.BigInteger(), nullable=True, comment="Bytes; null while it grows"),
        sa.Column(
            "sha256",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="Of the whole file, in hexadecimal; null while it grows",
        ),
        sa.ForeignKeyConstraint(["crawl_id"], ["crawls.id"], name=op.f("fk_warc_files_crawl_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warc_files")),
        sa.UniqueConstraint("name", name=op.f("uq_warc_files_name")),
        comment="WARC files: the truth that all else here is derived from",
    )
    op.create_index(op.f("ix_warc_files_crawl_id"), "warc_files", ["crawl_id"], unique=False)


def _articles() -> None:
    op.create_table(
        "articles",
        sa.Column("id", sa.Integer(), nullable=False, comment="Surrogate key; another after a rebuild"),
        sa.Column("site_id", sa.Integer(), nullable=False, comment="The site"),
        sa.Column("url_id", sa.Integer(), nullable=False, comment="Canonical URL"),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False, comment="First capture that shows it"),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False, comment="Last capture that shows it"),
        sa.Column(
            "dated_at", UtcDateTime(), nullable=False, comment="Publication by its current version, else first_seen_at"
        ),
        sa.Column(
            "state",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="live, gone or moved: by the newest capture of its URLs",
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_articles_site_id")),
        sa.ForeignKeyConstraint(["url_id"], ["urls.id"], name=op.f("fk_articles_url_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
        sa.UniqueConstraint("site_id", "url_id", name=op.f("uq_articles_site_id_url_id")),
        comment="Articles: one row for one canonical URL of one site",
    )
    op.create_index("ix_articles_dated", "articles", ["dated_at"], unique=False)
    op.create_index("ix_articles_site_dated", "articles", ["site_id", "dated_at"], unique=False)
    op.create_index(op.f("ix_articles_url_id"), "articles", ["url_id"], unique=False)


def _frontier() -> None:
    op.create_table(
        "frontier",
        sa.Column("url_id", sa.Integer(), autoincrement=False, nullable=False, comment="The URL"),
        sa.Column(
            "site",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="Name of the site on whose behalf it is fetched",
        ),
        sa.Column(
            "host",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="Host of the URL: asked politely, one request at a time",
        ),
        sa.Column(
            "kind",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="Why it is asked for: article, listing, feed, sitemap or asset",
        ),
        sa.Column("via_id", sa.Integer(), nullable=True, comment="The feed, sitemap or page that named it"),
        sa.Column(
            "via_kind",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="What named it: feed, sitemap, listing or article",
        ),
        sa.Column(
            "title",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="The source's own title for it",
        ),
        sa.Column("published_at", UtcDateTime(), nullable=True, comment="The source's own publication date for it"),
        sa.Column(
            "anchor",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="Text of the link that named it",
        ),
        sa.Column("due_at", UtcDateTime(), nullable=True, comment="When to fetch it; null: not again"),
        sa.Column("priority", sa.Integer(), nullable=False, comment="Lower goes first"),
        sa.Column("failures", sa.Integer(), nullable=False, comment="Failed captures in a row"),
        sa.Column("unchanged", sa.Integer(), nullable=False, comment="Captures in a row that brought nothing new"),
        sa.Column("looked_at", UtcDateTime(), nullable=True, comment="Its newest capture; null: none yet"),
        sa.Column("validated_at", UtcDateTime(), nullable=True, comment="The capture whose validators these are"),
        sa.Column(
            "etag",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="ETag of the newest 200 answer, to be sent back",
        ),
        sa.Column(
            "last_modified",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="Last-Modified of the newest 200 answer, to be sent back",
        ),
        sa.ForeignKeyConstraint(["url_id"], ["urls.id"], name=op.f("fk_frontier_url_id")),
        sa.ForeignKeyConstraint(["via_id"], ["urls.id"], name=op.f("fk_frontier_via_id")),
        sa.PrimaryKeyConstraint("url_id", name=op.f("pk_frontier")),
        comment="What is to be fetched, when, and how it came to be known. The only queue there is",
    )
    op.create_index(
        "ix_frontier_lane",
        "frontier",
        ["site", "host", "priority", "due_at", "url_id"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_frontier_via_id",
        "frontier",
        ["via_id"],
        unique=False,
        sqlite_where=sa.text("via_id IS NOT NULL"),
        postgresql_where=sa.text("via_id IS NOT NULL"),
    )


def _links() -> None:
    op.create_table(
        "links",
        sa.Column("group_id", sa.Integer(), nullable=False, comment="The group"),
        sa.Column("position", sa.Integer(), nullable=False, comment="From 0"),
        sa.Column("url_id", sa.Integer(), nullable=False, comment="Where it leads"),
        sa.Column(
            "anchor",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="Its visible text",
        ),
        sa.ForeignKeyConstraint(["group_id"], ["link_groups.id"], name=op.f("fk_links_group_id")),
        sa.ForeignKeyConstraint(["url_id"], ["urls.id"], name=op.f("fk_links_url_id")),
        sa.PrimaryKeyConstraint("group_id", "position", name=op.f("pk_links")),
        comment="Links of groups, in the page's order",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_links_url_id"), "links", ["url_id"], unique=False)


def _sources() -> None:
    op.create_table(
        "sources",
        sa.Column("url_id", sa.Integer(), autoincrement=False, nullable=False, comment="Its URL"),
        sa.Column("site_id", sa.Integer(), nullable=False, comment="The site"),
        sa.Column(
            "kind",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="feed, sitemap or listing",
        ),
        sa.Column(
            "title",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="Its own name, by its newest reading",
        ),
        sa.Column("entries", sa.Integer(), nullable=False, comment="Items or links in its newest reading"),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False, comment="First capture that could be read as such"),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False, comment="Newest capture that could be read as such"),
        sa.Column(
            "last_changed_at", UtcDateTime(), nullable=False, comment="The capture since which its content is as it is"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_sources_site_id")),
        sa.ForeignKeyConstraint(["url_id"], ["urls.id"], name=op.f("fk_sources_url_id")),
        sa.PrimaryKeyConstraint("url_id", name=op.f("pk_sources")),
        comment="Feeds, sitemaps and listings that were read, and how they fare",
    )
    op.create_index(op.f("ix_sources_site_id"), "sources", ["site_id"], unique=False)


def _captures() -> None:
    op.create_table(
        "captures",
        sa.Column("id", sa.Integer(), nullable=False, comment="Surrogate key; another after a rebuild"),
        sa.Column("url_id", sa.Integer(), nullable=False, comment="What was asked for"),
        sa.Column(
            "site_id",
            sa.Integer(),
            nullable=False,
            comment="The site it belongs to: by its host, else the one it was fetched for",
        ),
        sa.Column(
            "asked_for",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="Name of the site on whose behalf it was fetched",
        ),
        sa.Column("crawl_id", sa.Integer(), nullable=True, comment="The run; null for imported records"),
        sa.Column("warc_file_id", sa.Integer(), nullable=False, comment="Where the record lies"),
        sa.Column("warc_offset", sa.BigInteger(), nullable=False, comment="Of the record's first byte in the file"),
        sa.Column(
            "warc_length", sa.BigInteger(), nullable=False, comment="Of the record in the file, compressed, in bytes"
        ),
        sa.Column(
            "record_id",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="WARC-Record-ID, without angle brackets",
        ),
        sa.Column(
            "kind",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="response, revisit or resource",
        ),
        sa.Column("fetched_at", UtcDateTime(), nullable=False, comment="When the capture began"),
        sa.Column(
            "warc_date",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="WARC-Date to the character",
        ),
        sa.Column("status", sa.Integer(), nullable=True, comment="HTTP status; null where the answer is no HTTP"),
        sa.Column(
            "mime",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="Media type the answer claims",
        ),
        sa.Column(
            "payload_digest",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="Digest of the entity, content coding kept",
        ),
        sa.Column("payload_size", sa.BigInteger(), nullable=False, comment="Bytes of that entity; 0 for a revisit's"),
        sa.Column(
            "truncated",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="Why the answer is not whole; null where it is",
        ),
        sa.Column(
            "profile",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="Of a revisit: identical-payload-digest or server-not-modified",
        ),
        sa.Column(
            "refers_to_record",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="Of a revisit: record id that it names as original",
        ),
        sa.Column(
            "refers_to_url_id", sa.Integer(), nullable=True, comment="Of a revisit: URL that it names as original's"
        ),
        sa.Column(
            "refers_to_date",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="Of a revisit: date that it names as original's",
        ),
        sa.Column(
            "refers_to_id", sa.Integer(), nullable=True, comment="Of a revisit: its original, once the archive holds it"
        ),
        sa.Column("redirect_url_id", sa.Integer(), nullable=True, comment="Where a redirect leads"),
        sa.Column(
            "outcome",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="What it turned out to be: article, listing, feed, challenge, gone ...",
        ),
        sa.Column(
            "reason",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="Why that outcome",
        ),
        sa.Column(
            "title",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="The page's or feed's own name for itself",
        ),
        sa.Column("entries", sa.Integer(), nullable=False, comment="Items of a feed or sitemap, links of a listing"),
        sa.Column(
            "content_digest",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="SHA-256 of the entity, content coding undone",
        ),
        sa.Column(
            "is_read", sa.Boolean(), nullable=False, comment="False for a revisit that shows what its original showed"
        ),
        sa.Column(
            "etag",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="ETag, as the server sent it",
        ),
        sa.Column(
            "last_modified",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="Last-Modified, as the server sent it",
        ),
        sa.Column("article_id", sa.Integer(), nullable=True, comment="The article that it shows"),
        sa.Column("version_id", sa.Integer(), nullable=True, comment="The version of it that it shows"),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_captures_article_id")),
        sa.ForeignKeyConstraint(["crawl_id"], ["crawls.id"], name=op.f("fk_captures_crawl_id")),
        sa.ForeignKeyConstraint(["redirect_url_id"], ["urls.id"], name=op.f("fk_captures_redirect_url_id")),
        sa.ForeignKeyConstraint(
            ["refers_to_id"],
            ["captures.id"],
            name=op.f("fk_captures_refers_to_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["refers_to_url_id"], ["urls.id"], name=op.f("fk_captures_refers_to_url_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_captures_site_id")),
        sa.ForeignKeyConstraint(["url_id"], ["urls.id"], name=op.f("fk_captures_url_id")),
        sa.ForeignKeyConstraint(["warc_file_id"], ["warc_files.id"], name=op.f("fk_captures_warc_file_id")),
        *_inline_to_versions(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_captures")),
        sa.UniqueConstraint("record_id", name=op.f("uq_captures_record_id")),
        comment="One row for one response, revisit or resource record of a WARC file",
    )
    op.create_index(
        "ix_captures_article",
        "captures",
        ["article_id"],
        unique=False,
        sqlite_where=sa.text("article_id IS NOT NULL"),
        postgresql_where=sa.text("article_id IS NOT NULL"),
    )
    op.create_index(
        "ix_captures_crawl",
        "captures",
        ["crawl_id"],
        unique=False,
        sqlite_where=sa.text("crawl_id IS NOT NULL"),
        postgresql_where=sa.text("crawl_id IS NOT NULL"),
    )
    op.create_index(
        "ix_captures_original",
        "captures",
        ["refers_to_id"],
        unique=False,
        sqlite_where=sa.text("refers_to_id IS NOT NULL"),
        postgresql_where=sa.text("refers_to_id IS NOT NULL"),
    )
    op.create_index(
        "ix_captures_payload",
        "captures",
        ["payload_digest"],
        unique=False,
        sqlite_where=sa.text(
            "kind = 'response' AND truncated IS NULL AND payload_size > 0 AND payload_digest IS NOT NULL"
        ),
        postgresql_where=sa.text(
            "kind = 'response' AND truncated IS NULL AND payload_size > 0 AND payload_digest IS NOT NULL"
        ),
    )
    op.create_index(
        "ix_captures_pending",
        "captures",
        ["id"],
        unique=False,
        sqlite_where=sa.text("kind = 'revisit' AND refers_to_id IS NULL"),
        postgresql_where=sa.text("kind = 'revisit' AND refers_to_id IS NULL"),
    )
    op.create_index(
        "ix_captures_redirect",
        "captures",
        ["redirect_url_id"],
        unique=False,
        sqlite_where=sa.text("redirect_url_id IS NOT NULL"),
        postgresql_where=sa.text("redirect_url_id IS NOT NULL"),
    )
    op.create_index(
        "ix_captures_refers_record",
        "captures",
        ["refers_to_record"],
        unique=False,
        sqlite_where=sa.text("refers_to_record IS NOT NULL"),
        postgresql_where=sa.text("refers_to_record IS NOT NULL"),
    )
    op.create_index(
        "ix_captures_refers_url",
        "captures",
        ["refers_to_url_id"],
        unique=False,
        sqlite_where=sa.text("refers_to_url_id IS NOT NULL"),
        postgresql_where=sa.text("refers_to_url_id IS NOT NULL"),
    )
    op.create_index("ix_captures_site", "captures", ["site_id", "fetched_at"], unique=False)
    op.create_index("ix_captures_url", "captures", ["url_id", "fetched_at"], unique=False)
    op.create_index(
        "ix_captures_version",
        "captures",
        ["version_id"],
        unique=False,
        sqlite_where=sa.text("version_id IS NOT NULL"),
        postgresql_where=sa.text("version_id IS NOT NULL"),
    )
    op.create_index("ix_captures_warc", "captures", ["warc_file_id", "warc_offset"], unique=False)


def _capture_groups() -> None:
    op.create_table(
        "capture_groups",
        sa.Column("capture_id", sa.Integer(), nullable=False, comment="The captured page"),
        sa.Column("position", sa.Integer(), nullable=False, comment="From 0, in the page's order"),
        sa.Column("group_id", sa.Integer(), nullable=False, comment="The group"),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_capture_groups_capture_id")),
        sa.ForeignKeyConstraint(["group_id"], ["link_groups.id"], name=op.f("fk_capture_groups_group_id")),
        sa.PrimaryKeyConstraint("capture_id", "position", name=op.f("pk_capture_groups")),
        comment="Link groups of listings, and of the first capture of each version",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_capture_groups_group_id"), "capture_groups", ["group_id"], unique=False)


def _versions() -> None:
    op.create_table(
        "versions",
        sa.Column("id", sa.Integer(), nullable=False, comment="Surrogate key; another after a rebuild"),
        sa.Column("article_id", sa.Integer(), nullable=False, comment="The article"),
        sa.Column("capture_id", sa.Integer(), nullable=False, comment="The first capture that shows this text"),
        sa.Column("number", sa.Integer(), nullable=False, comment="From 1, in the order of first captures"),
        sa.Column(
            "current",
            sa.Boolean(),
            nullable=False,
            comment="True for the version that the newest capture shows; one an article",
        ),
        sa.Column(
            "digest",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="SHA-256 over headline, dek and body paragraphs",
        ),
        sa.Column(
            "headline",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="As printed",
        ),
        sa.Column(
            "dek",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="The line under the headline",
        ),
        sa.Column(
            "language",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="Primary subtag of BCP 47, such as en or zh",
        ),
        sa.Column("published_at", UtcDateTime(), nullable=True, comment="Publication date that page or source give"),
        sa.Column(
            "published_source",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="What vouches for it: json-ld, meta, feed ...",
        ),
        sa.Column("modified_at", UtcDateTime(), nullable=True, comment="Modification date that the page gives"),
        sa.Column(
            "modified_source",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="What vouches for it",
        ),
        sa.Column(
            "section",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="Section of the site",
        ),
        sa.Column(
            "access",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="free or paywalled; null where the page says nothing",
        ),
        sa.Column("live", sa.Boolean(), nullable=False, comment="True for a live blog"),
        sa.Column(
            "noarchive", sa.Boolean(), nullable=False, comment="True where the page's robots meta says noarchive"
        ),
        sa.Column("image_url_id", sa.Integer(), nullable=True, comment="Lead image"),
        sa.Column(
            "image_caption",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="Caption of the lead image",
        ),
        sa.Column("length", sa.Integer(), nullable=False, comment="Paragraphs, of all roles"),
        sa.Column(
            "counted", sa.Boolean(), nullable=False, comment="False until its paragraphs are counted for boilerplate"
        ),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_versions_article_id")),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_versions_capture_id")),
        sa.ForeignKeyConstraint(["image_url_id"], ["urls.id"], name=op.f("fk_versions_image_url_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_versions")),
        sa.UniqueConstraint("article_id", "digest", name=op.f("uq_versions_article_id_digest")),
        comment="Distinct texts of articles; what is said here is as the first capture of that text says it",
    )
    op.create_index(op.f("ix_versions_capture_id"), "versions", ["capture_id"], unique=False)
    op.create_index(
        "ix_versions_image",
        "versions",
        ["image_url_id"],
        unique=False,
        sqlite_where=sa.text("image_url_id IS NOT NULL"),
        postgresql_where=sa.text("image_url_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_versions_language"), "versions", ["language"], unique=False)
    op.create_index(op.f("ix_versions_section"), "versions", ["section"], unique=False)
    op.create_index(
        "ix_versions_uncounted",
        "versions",
        ["id"],
        unique=False,
        sqlite_where=sa.text("counted = 0"),
        postgresql_where=sa.text("NOT counted"),
    )


def _search_documents() -> None:
    op.create_table(
        "search_documents",
        sa.Column(
            "doc_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
            comment="Sorts by date: seconds since 1800 times 2 to the 29th, plus the version's id",
        ),
        sa.Column("version_id", sa.Integer(), nullable=False, comment="The version"),
        sa.Column("article_id", sa.Integer(), nullable=False, comment="Its article"),
        sa.Column("site_id", sa.Integer(), nullable=False, comment="Its site"),
        sa.Column("left_out", sa.Integer(), nullable=False, comment="Paragraphs left out as boilerplate"),
        sa.Column("stale", sa.Boolean(), nullable=False, comment="True where it is to be written anew"),
        sa.Column(
            "terms",
            sa.LargeBinary().with_variant(postgresql.TSVECTOR(), "postgresql"),
            nullable=False,
            comment="PostgreSQL: the tsvector. SQLite: what the FTS5 table was given, compressed, to take it back by",
        ),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_search_documents_article_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_search_documents_site_id")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_search_documents_version_id")),
        sa.PrimaryKeyConstraint("doc_id", name=op.f("pk_search_documents")),
        sa.UniqueConstraint("version_id", name=op.f("uq_search_documents_version_id")),
        comment="Full-text documents, one a version, boilerplate left out",
    )
    op.create_index(op.f("ix_search_documents_article_id"), "search_documents", ["article_id"], unique=False)
    op.create_index(
        "ix_search_documents_stale",
        "search_documents",
        ["doc_id"],
        unique=False,
        sqlite_where=sa.text("stale = 1"),
        postgresql_where=sa.text("stale"),
    )
    if op.get_context().dialect.name == "postgresql":
        op.create_index("ix_search_documents_terms", "search_documents", ["terms"], postgresql_using="gin")
    else:
        op.execute(FTS5)


def _version_authors() -> None:
    op.create_table(
        "version_authors",
        sa.Column("version_id", sa.Integer(), nullable=False, comment="The version"),
        sa.Column("position", sa.Integer(), nullable=False, comment="From 0"),
        sa.Column("author_id", sa.Integer(), nullable=False, comment="The author"),
        sa.ForeignKeyConstraint(["author_id"], ["authors.id"], name=op.f("fk_version_authors_author_id")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_version_authors_version_id")),
        sa.PrimaryKeyConstraint("version_id", "position", name=op.f("pk_version_authors")),
        comment="Authors of versions, in the order of the byline",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_version_authors_author_id"), "version_authors", ["author_id"], unique=False)


def _version_paragraphs() -> None:
    op.create_table(
        "version_paragraphs",
        sa.Column("version_id", sa.Integer(), nullable=False, comment="The version"),
        sa.Column("position", sa.Integer(), nullable=False, comment="From 0"),
        sa.Column("paragraph_id", sa.Integer(), nullable=False, comment="The text"),
        sa.Column(
            "role",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="What it is there: text, heading, quote, caption, disclaimer ...",
        ),
        sa.ForeignKeyConstraint(["paragraph_id"], ["paragraphs.id"], name=op.f("fk_version_paragraphs_paragraph_id")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_version_paragraphs_version_id")),
        sa.PrimaryKeyConstraint("version_id", "position", name=op.f("pk_version_paragraphs")),
        comment="Which paragraphs a version has, in reading order",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_version_paragraphs_paragraph_id"), "version_paragraphs", ["paragraph_id"], unique=False)


def _version_tags() -> None:
    op.create_table(
        "version_tags",
        sa.Column("version_id", sa.Integer(), nullable=False, comment="The version"),
        sa.Column("position", sa.Integer(), nullable=False, comment="From 0"),
        sa.Column("tag_id", sa.Integer(), nullable=False, comment="The tag"),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_version_tags_tag_id")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_version_tags_version_id")),
        sa.PrimaryKeyConstraint("version_id", "position", name=op.f("pk_version_tags")),
        comment="Tags of versions, in the page's order",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_version_tags_tag_id"), "version_tags", ["tag_id"], unique=False)


def _to_versions() -> sa.ForeignKeyConstraint:
    """Captures and versions point at each other."""
    return sa.ForeignKeyConstraint(
        ["version_id"], ["versions.id"], name="fk_captures_version_id", deferrable=True, initially="DEFERRED"
    )


def _inline_to_versions() -> list[sa.ForeignKeyConstraint]:
    # SQLite cannot add a constraint later and does not mind one that looks ahead; PostgreSQL is the other way round.
    return [] if op.get_context().dialect.name == "postgresql" else [_to_versions()]


def upgrade() -> None:
    """All tables."""
    _authors()
    _crawls()
    _link_groups()
    _paragraphs()
    _sites()
    _tags()
    _boilerplate()
    _crawl_sites()
    _site_hosts()
    _urls()
    _warc_files()
    _articles()
    _frontier()
    _links()
    _sources()
    _captures()
    _capture_groups()
    _versions()
    _search_documents()
    _version_authors()
    _version_paragraphs()
    _version_tags()
    if op.get_context().dialect.name == "postgresql":
        op.create_foreign_key(
            "fk_captures_version_id",
            "captures",
            "versions",
            ["version_id"],
            ["id"],
            deferrable=True,
            initially="DEFERRED",
        )
