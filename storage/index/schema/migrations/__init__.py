"""Migrations of the index, run by Alembic when the index is opened."""
