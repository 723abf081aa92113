"""Response types and headers: streaming, conditional requests, CSV and JSON Lines."""
