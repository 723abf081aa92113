"""Indexes by which the browser's searches find what belongs to a match, and a site's newest articles.

Revision: 0008.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
    op.create_index("ix_search_documents_site", "search_documents", ["site_id", "doc_id"])
    if op.get_bind().dialect.name == "sqlite":
        columns = ["doc_id", "site_id", "version_id", "article_id"]
        op.create_index("ix_search_documents_found", "search_documents", columns)


def downgrade() -> None:
    """Take them away."""
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("ix_search_documents_found", "search_documents")
    op.drop_index("ix_search_documents_site", "search_documents")
