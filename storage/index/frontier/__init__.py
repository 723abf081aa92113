"""The frontier: which URLs are to be fetched, and when."""
