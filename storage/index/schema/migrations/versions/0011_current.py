"""An index by which lists and counts of articles find their current versions.

Revision: 0011.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_index("ix_versions_current", "versions", ["article_id", "current", "section", "language"])


def downgrade() -> None:
    """Take it out."""
    op.drop_index("ix_versions_current", "versions")
