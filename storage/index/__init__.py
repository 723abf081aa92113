"""The SQL index: what the archive holds, derived from the WARC files, in SQLite or PostgreSQL."""

from storage.index.index import Index
from storage.index.views.articles import Filters

__all__ = ["Filters", "Index"]
