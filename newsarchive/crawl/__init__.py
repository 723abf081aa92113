"""Fetch what is due: the exact bytes, kept first, politely; then hand them to be read."""
