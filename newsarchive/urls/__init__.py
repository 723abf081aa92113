"""URLs and addresses: which are never requested, and archived URLs within those of the archive."""
