"""Explain a reading: the source of each field, the rule behind each role, the parts of the article score."""
