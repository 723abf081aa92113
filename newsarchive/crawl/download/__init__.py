"""The HTTP client that records exact bytes, its connections and its SSRF guard."""
