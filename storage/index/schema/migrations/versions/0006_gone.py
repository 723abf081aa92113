"""Which pages have gone, found without looking at all captures.

Revision: 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

GONE = sa.text("outcome = 'gone'")


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_captures_gone", "captures", ["url_id", "fetched_at"], sqlite_where=GONE, postgresql_where=GONE)


def downgrade() -> None:
    """Take it out."""
    op.drop_index("ix_captures_gone", "captures")
