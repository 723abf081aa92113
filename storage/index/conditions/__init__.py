"""SQL conditions that queries and search share: filters and visibility."""
