"""Differences between versions, paragraphs and listings."""
