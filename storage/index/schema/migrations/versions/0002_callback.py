"""Add the callback of a site's own spider to the frontier, by an SQL script for each database.

Revision: v4, after v3.
"""

from pathlib import Path

from alembic import op

revision = "v4"
down_revision = "v3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, which is null for all URLs of before."""
    connection = op.get_bind()
    script = Path(__file__).with_name(f"0002_{connection.dialect.name}.sql")
    for statement in script.read_text("utf-8").split("\n\n"):
        connection.exec_driver_sql(statement)
