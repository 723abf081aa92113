"""Fetching of due URLs: politely, and recorded byte for byte before anything reads them."""
