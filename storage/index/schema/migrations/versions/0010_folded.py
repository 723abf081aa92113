"""An index by which an author is found whatever the case and accents.

Revision: 0010.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_index("ix_authors_folded", "authors", ["folded"])


def downgrade() -> None:
    """Take it out."""
    op.drop_index("ix_authors_folded", "authors")
