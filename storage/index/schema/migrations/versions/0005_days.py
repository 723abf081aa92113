"""Captures counted by day: what a page about the whole archive shows must not cost a walk through all of it.

The database keeps the count itself, so that whatever adds, moves or rereads captures need not think of it.

Revision: 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ADD = """
    INSERT INTO days (site_id, day, outcome, captures) {counted}
    ON CONFLICT (site_id, day, outcome) DO UPDATE SET captures = days.captures + excluded.captures"""

_SQLITE_ADD = _ADD.format(counted="VALUES (NEW.site_id, substr(NEW.fetched_at, 1, 10), NEW.outcome, 1)")
_SQLITE_TAKE = """
    UPDATE days SET captures = captures - 1
    WHERE site_id = OLD.site_id AND day = substr(OLD.fetched_at, 1, 10) AND outcome = OLD.outcome;
    DELETE FROM days
    WHERE site_id = OLD.site_id AND day = substr(OLD.fetched_at, 1, 10) AND outcome = OLD.outcome AND captures = 0"""
_SQLITE = (
    f"CREATE TRIGGER captures_counted AFTER INSERT ON captures BEGIN {_SQLITE_ADD}; END",
    f"CREATE TRIGGER captures_taken_out AFTER DELETE ON captures BEGIN {_SQLITE_TAKE}; END",
    f"""CREATE TRIGGER captures_moved AFTER UPDATE OF site_id, outcome, fetched_at ON captures
    WHEN OLD.site_id <> NEW.site_id OR OLD.outcome <> NEW.outcome OR OLD.fetched_at <> NEW.fetched_at
    BEGIN {_SQLITE_TAKE}; {_SQLITE_ADD}; END""",
)


# One statement a batch, in the order of the key: two writers that count the same days cannot stand in each other's way.
def _counted(table: str, sign: str = "") -> str:
    return (
        f"SELECT site_id, to_char(fetched_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, outcome, "
        f"{sign}count(*) AS captures FROM {table} GROUP BY 1, 2, 3"
    )


_POSTGRES_ADD = _ADD.format(counted=f"{_counted('added')} ORDER BY 1, 2, 3")
# ruff: noqa: S608 - our own names of tables
_POSTGRES_TAKE = f"""
    UPDATE days SET captures = days.captures - taken.captures FROM ({_counted("taken_out")}) AS taken
    WHERE days.site_id = taken.site_id AND days.day = taken.day AND days.outcome = taken.outcome;
    DELETE FROM days USING (SELECT DISTINCT site_id FROM taken_out) AS touched
    WHERE days.site_id = touched.site_id AND days.captures = 0"""
# An UPDATE that changes nothing counted gives differences of zero, which are left out before anything is locked.
_POSTGRES_MOVE = f"""
    INSERT INTO days (site_id, day, outcome, captures)
    SELECT site_id, day, outcome, sum(captures) FROM (
        {_counted("added")} UNION ALL {_counted("taken_out", "-")}
    ) AS moved (site_id, day, outcome, captures)
    GROUP BY 1, 2, 3 HAVING sum(captures) <> 0 ORDER BY 1, 2, 3
    ON CONFLICT (site_id, day, outcome) DO UPDATE SET captures = days.captures + excluded.captures;
    DELETE FROM days USING (SELECT DISTINCT site_id FROM taken_out) AS touched
    WHERE days.site_id = touched.site_id AND days.captures = 0"""


def _postgres(name: str, event: str, tables: str, body: str) -> tuple[str, str]:
    function = f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$"
    each = f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    return function, f"CREATE TRIGGER {name} AFTER {event} ON captures REFERENCING {tables} {each}"


_POSTGRES = (
    *_postgres("captures_counted", "INSERT", "NEW TABLE AS added", _POSTGRES_ADD),
    *_postgres("captures_taken_out", "DELETE", "OLD TABLE AS taken_out", _POSTGRES_TAKE),
    *_postgres("captures_moved", "UPDATE", "NEW TABLE AS added OLD TABLE AS taken_out", _POSTGRES_MOVE),
)


def _text() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table, count what is there, and let the database go on counting."""
    op.create_table(
        "days",
        sa.Column("site_id", sa.Integer(), nullable=False, comment="The site"),
        sa.Column("day", _text(), nullable=False, comment="Day in UTC, such as 2026-03-01"),
        sa.Column("outcome", _text(), nullable=False, comment="What they turned out to be, as in captures"),
        sa.Column("captures", sa.Integer(), nullable=False, comment="How many"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_days_site_id")),
        sa.PrimaryKeyConstraint("site_id", "day", "outcome", name=op.f("pk_days")),
        comment="Captures by site, day and outcome; the database counts them as they come and go",
        sqlite_with_rowid=False,
    )
    is_postgres = op.get_context().dialect.name == "postgresql"
    counted = "to_char(fetched_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')" if is_postgres else "substr(fetched_at, 1, 10)"
    op.execute(f"INSERT INTO days SELECT site_id, {counted}, outcome, count(*) FROM captures GROUP BY 1, 2, 3")
    for statement in _POSTGRES if is_postgres else _SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """Take it out."""
    is_postgres = op.get_context().dialect.name == "postgresql"
    for name in ("captures_counted", "captures_taken_out", "captures_moved"):
        op.execute(f"DROP TRIGGER {name}" + (" ON captures" if is_postgres else ""))
        if is_postgres:
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_table("days")
