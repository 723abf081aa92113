"""The database engines, SQLite and PostgreSQL: connections, transactions, bulk loading."""
