"""Full-text search: queries, matches, facets, snippets."""
