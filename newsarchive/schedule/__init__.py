"""Decide when a URL is fetched again: a pure function of the index, so that a rebuild plans as the crawl did."""
