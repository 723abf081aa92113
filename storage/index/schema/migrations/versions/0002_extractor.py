"""Which version of the reading code made what a row says.

Revision: 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COMMENTS = {
    "captures": "Version of the code that read it; null before that was noted, and where is_read is false",
    "versions": "Version of the code that read its first capture",
}


def upgrade() -> None:
    """Add the columns. What was read before has none, and is therefore the first that `reextract` reads again."""
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    for table, comment in COMMENTS.items():
        op.add_column(table, sa.Column("extractor", text, nullable=True, comment=comment))


def downgrade() -> None:
    """Take them out."""
    for table in COMMENTS:
        op.drop_column(table, "extractor")
