"""Write captures, articles and versions into the index."""
