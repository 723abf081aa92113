"""One text under many addresses, found by its digest.

Revision: 0007.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_versions_digest", "versions", ["digest"])


def downgrade() -> None:
    """Take it out."""
    op.drop_index("ix_versions_digest", "versions")
