"""Responses: streaming, conditional requests."""
