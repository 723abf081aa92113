"""Alembic's door: runs migrations on the connection that storage.index.schema.upgrade hands over."""

from alembic import context

from storage.index.schema.tables import Base


def run() -> None:
    """Run what Alembic asks for."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        # SQLite's DDL is transactional too, since we begin the transaction ourselves (storage.index.engine.database).
        transactional_ddl=True,
    )
    context.run_migrations()


if hasattr(context, "config"):  # only while Alembic runs this file; others may import it
    run()
