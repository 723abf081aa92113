"""What the crawl remembers from one run to the next: hosts that want peace, and families of URLs that bring nothing.

Revision: 0003.
"""

import sqlalchemy as sa
from alembic import op

from storage.index.schema.tables import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _text() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make both tables, empty."""
    op.create_table(
        "hosts",
        sa.Column("name", _text(), nullable=False, comment="Host name"),
        sa.Column("ready_at", UtcDateTime(), nullable=True, comment="Nothing is asked of it before"),
        sa.Column("refusals", sa.Integer(), nullable=False, comment="Answers in a row that asked for patience"),
        sa.Column("strain", sa.Integer(), nullable=False, comment="How often its delay is doubled at present"),
        sa.Column("reason", _text(), nullable=False, comment="Why it is left in peace"),
        sa.Column("noted_at", UtcDateTime(), nullable=False, comment="When this was noted"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_hosts")),
        comment="Hosts that asked for patience or gave no answer: known to the next run too",
    )
    op.create_table(
        "families",
        sa.Column("site", _text(), nullable=False, comment="Name of the site"),
        sa.Column("family", _text(), nullable=False, comment="Host, path template and query keys"),
        sa.Column("barren", sa.Integer(), nullable=False, comment="First captures in a row that brought nothing new"),
        sa.Column("example", _text(), nullable=False, comment="The newest of these URLs"),
        sa.Column("parked_at", UtcDateTime(), nullable=True, comment="Since when it is not asked for; null: it is"),
        sa.PrimaryKeyConstraint("site", "family", name=op.f("pk_families")),
        comment="Families of URLs whose last captures brought nothing new",
    )


def downgrade() -> None:
    """Take them out."""
    op.drop_table("families")
    op.drop_table("hosts")
