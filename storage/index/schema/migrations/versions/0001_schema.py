"""Create the schema, from an SQL script for each database.

Revision: v8.
"""

from pathlib import Path

from alembic import op

revision = "v8"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create all tables, indexes and triggers."""
    connection = op.get_bind()
    script = Path(__file__).with_name(f"0001_{connection.dialect.name}.sql")
    for statement in script.read_text("utf-8").split("\n\n"):
        connection.exec_driver_sql(statement)
