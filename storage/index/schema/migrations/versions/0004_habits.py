"""What the schedule learns of sources, and what it tells of them.

Revision: 0004.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from storage.index.schema.tables import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = "Surrogate key; another after a rebuild"


def _text() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _when(name: str, comment: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable, comment=comment)


def _number(name: str, comment: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double(), nullable=False, comment=comment)


def upgrade() -> None:
    """Make both tables, empty: what was read before this is learnt as it comes, or by a rebuild."""
    op.create_table(
        "habits",
        sa.Column("url_id", sa.Integer(), autoincrement=False, nullable=False, comment="The source"),
        _when("since", "First reading"),
        _when("read_at", "Newest reading"),
        _when("fresh_at", "When it last brought what its reading before did not have"),
        _number("daily", "Items a day, on the average"),
        _number("owed", "Share of its items that nothing had named before, from 0 to 1"),
        _number("fresh", "Items that came since the first reading"),
        _number("news", "Those of them that nothing had named before"),
        _number("bursts", "Moments at which items came, several at once counted as one"),
        _number("gap", "Seconds of the longest time without anything fresh"),
        sa.Column("capacity", sa.Integer(), nullable=False, comment="Items that it holds"),
        _number("haste", "Below 1 since items were lost: how much sooner it is read"),
        _when("newest", "Latest date in it", nullable=True),
        _when(
            "lost_at",
            "Newest reading that shared nothing with the one before: items may have come and gone unseen",
            nullable=True,
        ),
        _when(
            "silent_at",
            "Since when it is silent for longer than its habits explain; null while it is not",
            nullable=True,
        ),
        sa.Column(
            "hours",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
            comment="watched and items: 168 numbers each, from Monday 0:00 UTC: hours watched, items that came in them",
        ),
        sa.Column("held", sa.Integer(), nullable=False, comment="Items in its newest reading"),
        sa.Column(
            "item_ids",
            sa.LargeBinary(),
            nullable=True,
            comment="Ids of these items' URLs, 8 bytes each, lowest first; null where they are too many",
        ),
        sa.ForeignKeyConstraint(["url_id"], ["urls.id"], name=op.f("fk_habits_url_id")),
        sa.PrimaryKeyConstraint("url_id", name=op.f("pk_habits")),
        comment="When feeds, sitemaps and listings bring something: learnt as they are read, old weeks counting less",
    )
    op.create_table(
        "alarms",
        sa.Column("id", sa.Integer(), nullable=False, comment=ID),
        sa.Column("url_id", sa.Integer(), nullable=False, comment="The source"),
        sa.Column("kind", _text(), nullable=False, comment="silent or lost"),
        _when("raised_at", "The reading that showed it"),
        _when("cleared_at", "The reading after which it was over; null: it is not", nullable=True),
        sa.ForeignKeyConstraint(["url_id"], ["urls.id"], name=op.f("fk_alarms_url_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
        comment="Sources that fell silent, or lost items between two readings",
    )
    op.create_index("ix_alarms_url_id", "alarms", ["url_id", "raised_at"])


def downgrade() -> None:
    """Take them out."""
    op.drop_table("alarms")
    op.drop_table("habits")
