"""Alembic's environment: runs migrations on the connection that storage.index.schema.upgrade hands over."""

from alembic import context

from storage.index.schema.tables import METADATA

if hasattr(context, "config"):  # only while Alembic runs this file; others may import it
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=METADATA,
        # SQLite's DDL is transactional too, since storage.index.engine.database begins the transaction itself.
        transactional_ddl=True,
    )
    context.run_migrations()
