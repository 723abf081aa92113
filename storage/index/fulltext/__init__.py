"""The full-text engine: a tantivy index in a folder of its own. It knows terms and numbers, and no SQL."""
