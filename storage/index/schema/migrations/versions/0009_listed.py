"""Indexes for pages about runs, listings and sources: what those list and count, without a walk through all there is.

Revision: 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CRAWL = sa.text("crawl_id IS NOT NULL")
LISTING = sa.text("outcome = 'listing'")
SOURCES = sa.text("kind IN ('feed', 'listing', 'sitemap')")


def upgrade() -> None:
    """Make them; that of runs takes the place of one that had nothing but the run."""
    op.drop_index("ix_captures_crawl", "captures")
    _index("ix_captures_crawl", "captures", ["crawl_id", "fetched_at", "outcome", "status"], CRAWL)
    _index("ix_captures_listing", "captures", ["url_id", "fetched_at", "record_id"], LISTING)
    _index("ix_frontier_sources", "frontier", ["site", "url_id"], SOURCES)


def downgrade() -> None:
    """Take them out, and make the older one again."""
    op.drop_index("ix_frontier_sources", "frontier")
    op.drop_index("ix_captures_listing", "captures")
    op.drop_index("ix_captures_crawl", "captures")
    _index("ix_captures_crawl", "captures", ["crawl_id"], CRAWL)


def _index(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
