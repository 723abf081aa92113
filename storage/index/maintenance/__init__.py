"""Copy an index: to another database, or for other programs."""
